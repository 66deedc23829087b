/**
 * The evidence for what was done about a cascade.
 */
import type { WitnessJson } from '../../reflex-binding.js'
import { type BreakerReport, camel } from '../gate.js'

/** An affected component, as it was when the cascade was found. */
export interface AffectedComponent {
  readonly component: string
  readonly calls: number
  readonly errorRate: number
  readonly p99Us: number
  readonly queueDepth: number
  readonly breaker: BreakerReport
}

/** A step from the symptoms to the cause. */
export interface CausalLink {
  readonly component: string
  /** When it began to fail. */
  readonly timeUs: number
  /** Whom it calls that failed too. */
  readonly blames?: string
}

/** One cascade. */
export class Witness {
  /** From 1. */
  declare readonly witness: number
  /** When it was found. */
  declare readonly timeUs: number
  /** Whose error made it a cascade. */
  declare readonly trigger: string
  /** The likely root cause. */
  declare readonly rootCause: string
  /** How many components there were, and how many of them were affected. */
  declare readonly components: number
  declare readonly affectedCount: number
  /** At most 32 of them, the likely root cause first. */
  declare readonly affected: readonly AffectedComponent[]
  /** From the latest symptom back to the likely root cause. */
  declare readonly chain: readonly CausalLink[]
  declare readonly decision: 'open-and-shed' | 'shed'
  /** At most 32 names, and how many breakers were opened. */
  declare readonly action: {
    readonly opened: readonly string[]
    readonly openedCount: number
    readonly shedFromTier: number
  }
  /** Components that were affected later, while it lasted. */
  declare readonly joined: number
  /** When it was over; null while it lasts. */
  declare readonly recoveredUs: number | null
  readonly #words: string

  constructor(json: WitnessJson) {
    const { words, ...rest } = json
    Object.assign(this, camel(rest))
    this.#words = words
  }

  /** What was found, what was decided, and on what evidence, in plain words. */
  explain(): string {
    return this.#words
  }

  toString(): string {
    return this.#words
  }
}
