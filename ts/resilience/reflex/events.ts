/**
 * What a reflex tells its listeners.
 */
import type { HomeostatError } from '../../errors.js'
import type { Notice } from '../../reflex-binding.js'
import { type BreakerChange, camel } from '../gate.js'
import type { Listeners } from '../listeners.js'
import { Witness } from './witness.js'

/** A request did not do what requests of its kind do. */
export interface Violation {
  readonly timeUs: number
  readonly pattern: string
  /** The component that such requests enter by. */
  readonly entry: string
  readonly deviation: 'slower' | 'faster' | 'missing' | 'extra' | 'reordered'
  readonly expectedUs: number
  readonly gotUs: number
  /** By what share of the expected latency; 0 where it is the calls that differ. */
  readonly by: number
  /** The call that differs: `who -> whom`. */
  readonly call?: string
}

export interface ReflexEvents {
  /** A breaker changed its state. */
  breaker: BreakerChange & { readonly component: string }
  /** A cascade was found: one witness for all of it. */
  cascade: Witness
  /** A stage of recovery: from this tier on load is still shed; 5 is none. */
  stage: { readonly timeUs: number; readonly witness: number; readonly shedFromTier: number }
  /** A cascade is over. */
  recovered: { readonly timeUs: number; readonly witness: number }
  /** A call pattern was learned: once, at its tenth request. */
  pattern: { readonly timeUs: number; readonly pattern: string; readonly entry: string; readonly expectedUs: number }
  violation: Violation
  /** The latency of a component has moved up, which is no chance: at most one false alarm in ten days. */
  regression: {
    readonly timeUs: number
    readonly component: string
    readonly sinceUs: number
    readonly medianBeforeUs: number
    readonly medianNowUs: number
    /** As a multiple of what an alarm needs. */
    readonly evidence: number
  }
  /** Something that is no decision: the core panicked and lets everything pass, or the journal fails. */
  trouble: { readonly error: HomeostatError }
}

export const REFLEX_EVENTS = [
  'breaker',
  'cascade',
  'stage',
  'recovered',
  'pattern',
  'violation',
  'regression',
  'trouble',
] as const

/** Tells listeners of what the core noticed. */
export function deliver(json: string, listeners: Listeners<ReflexEvents>): void {
  for (const { notice, ...rest } of JSON.parse(json) as Notice[]) {
    if (!listeners.has(notice)) continue
    listeners.emit(notice, (notice === 'cascade' ? new Witness(rest as never) : camel(rest)) as never)
  }
}
