import type { FastifyInstance } from 'fastify'
import type { FromService, Open } from '../messages.js'
import type { ServiceName } from '../topology.js'

/** A call to a neighbour; it gives its connection back when the signal is aborted. */
export type Ask = (path: string, signal?: AbortSignal) => Promise<string>

export interface CallPolicy {
  readonly timeoutMs: number
  /** Calls at once, so that those of one kind cannot take every connection; others wait in a short queue. */
  readonly concurrent: number
  /** What calls it, under the name that its own callers know it by. */
  readonly caller?: string
}

export type Tell = (message: FromService) => void

/** What stands between a service and its neighbours: nothing, or `homeostat`. */
export interface Guard {
  /** The same call, under the policy where there is protection. `name` is that of its component. */
  call(name: string, ask: Ask, policy: CallPolicy): (path: string, tier?: number) => Promise<string>
  /** Adds what the gateway needs at its entrance. */
  install?(app: FastifyInstance): Promise<void>
  /** Takes structural events of another process. */
  ingest?(batch: unknown): void
  final(): Omit<Extract<FromService, { type: 'final' }>, 'type'>
}

/** The protected half's guards are loaded where they are wanted: the other half runs without a line of `homeostat`. */
export async function openGuard(service: ServiceName, message: Open, tell: Tell): Promise<Guard> {
  if (!message.guarded) return { call: (_, ask) => (path) => ask(path), final: () => ({ witnesses: [] }) }
  const guarded = await import('./guarded.js')
  return service === 'gateway' ? guarded.gatewayGuard(tell) : guarded.serviceGuard(tell)
}
