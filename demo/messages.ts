import type { SecondReport } from './load/tally.js'
import type { ComparedSecond } from './page/comparison.js'

export type Variant = 'static' | 'tuned'

/** What the main process tells an instance of the service. */
export type ToService =
  | {
      readonly type: 'open'
      readonly variant: Variant
      readonly template: string
      readonly port: number
      readonly seed: number
      /** Folder for the journal of the tuned instance. */
      readonly folder: string
      /** Other static settings than the scenario's, for the sweep. */
      readonly settings?: FixedSettings
      /** Of the tuner: in `recommend` it does all its work and changes nothing. `auto` where it is not said. */
      readonly mode?: 'auto' | 'recommend'
      /** Port of the dashboard that this instance serves; 0 any free one. None without it. */
      readonly page?: number
    }
  | { readonly type: 'begin'; readonly startMs: number; readonly seconds: number; readonly seed: number }
  /** For the dashboard: what the loader found in a second. */
  | { readonly type: 'compared'; readonly second: ComparedSecond }
  /** Asks for the CPU time that the process has used. */
  | { readonly type: 'cpu' }
  | { readonly type: 'stop' }

export interface FixedSettings {
  /** Share of requests that are sampled and compared with the database; the static instance's default is 0. */
  readonly revalidateShare?: number
  readonly ttlMs?: number
  readonly lingerMs?: number
  readonly batchSize?: number
  readonly inFlight?: number
}

/** A change of the live configuration, or a refusal, in words. */
export interface Change {
  /** Milliseconds from the start of the run. */
  readonly atMs: number
  /** What happened: `applied`, `rejected`, `rolledBack`, `safeMode` and the like. */
  readonly kind: string
  readonly knob?: string
  readonly from?: number
  readonly to?: number
  readonly why: string
}

export interface ServiceStatus {
  readonly ttlMs: number
  readonly lingerMs: number
  readonly requests: number
  readonly misses: number
  readonly databaseQueries: number
}

export interface ServiceFinal {
  readonly databaseQueries: number
  readonly databaseKeys: number
  readonly changes: readonly Change[]
  readonly breaches: number
  readonly journal: string | null
  readonly explanation: readonly string[]
  readonly cpuMs: number
}

export type FromService =
  /** `page`: where its dashboard is. */
  | { readonly type: 'ready'; readonly port: number; readonly page?: string }
  | ({ readonly type: 'status' } & ServiceStatus)
  | { readonly type: 'change'; readonly change: Change }
  | { readonly type: 'cpu'; readonly userMs: number; readonly systemMs: number }
  | ({ readonly type: 'final' } & ServiceFinal)
  | { readonly type: 'failed'; readonly message: string }

export interface ToLoader {
  readonly type: 'drive'
  readonly ports: readonly number[]
  readonly seconds: number
  readonly seed: number
  readonly startMs: number
}

export type FromLoader =
  | { readonly type: 'ready' }
  | { readonly type: 'second'; readonly index: number; readonly instances: SecondReport[]; readonly lagMs: number }
  | { readonly type: 'final'; readonly instances: SecondReport[]; readonly lagP99Ms: number; readonly lagMaxMs: number }
  | { readonly type: 'failed'; readonly message: string }
