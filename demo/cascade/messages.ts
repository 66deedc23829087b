import type { ServiceName } from './topology.js'

export interface Open {
  readonly type: 'open'
  /** Calls go through `homeostat`. */
  readonly guarded: boolean
  readonly seed: number
  /** Of those that are open already, on loopback. */
  readonly ports: Partial<Record<ServiceName, number>>
}

/** Structural events of one process on their way to the gateway's reflex. */
export interface Events {
  readonly type: 'events'
  readonly batch: unknown
}

/** What the main process tells a service. */
export type ToService = Open | Events | { readonly type: 'stop' }

export type FromService =
  | { readonly type: 'ready'; readonly port: number }
  | Events
  | ({ readonly type: 'log' } & LogLine)
  | { readonly type: 'final'; readonly witnesses: readonly string[] }
  | { readonly type: 'failed'; readonly message: string }

/** What happened; times of the processes are on the clock that they share, those that are shown from the start. */
export interface LogLine {
  readonly atMs: number
  readonly text: string
}
