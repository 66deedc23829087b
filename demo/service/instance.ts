import type { ServerOptions } from 'homeostat/server'
import type { Change, FixedSettings } from '../messages.js'
import { scenario } from '../scenario.js'
import type { CatalogObserver } from './catalog.js'
import { LIBRARY_DEFAULTS, type Settings } from './settings.js'

/** What makes one instance differ from the other: where its settings come from, and who listens. */
export interface Instance {
  readonly settings: Settings
  readonly revalidateShare: number
  readonly observer?: CatalogObserver
  /** What the dashboard shows. */
  readonly tuners?: NonNullable<ServerOptions['tuners']>
  close(): Promise<InstanceEnd>
}

export interface InstanceEnd {
  /** Times on the monotonic clock. */
  readonly changes: readonly Change[]
  readonly breaches: number
  readonly journal: string | null
  readonly explanation: readonly string[]
}

/** Settings that stand still: the scenario's TTL and the libraries' defaults, or those that a sweep asks for. */
export function staticInstance({ revalidateShare = 0, ...fixed }: FixedSettings = {}): Instance {
  const settings = { ttlMs: scenario.static.ttlMs, ...LIBRARY_DEFAULTS, ...fixed }
  return {
    settings,
    revalidateShare,
    close: async () => ({ changes: [], breaches: 0, journal: null, explanation: [] }),
  }
}
