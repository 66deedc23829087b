/**
 * Turns load away by tier, before it costs anything: everything is let in while the capacity is normal, no background work when it
 * is degraded, nothing below normal when overloaded, emergencies and strategic work in an emergency.
 */
import { invalid } from '../errors.js'
import { type Call, TIER_DEFAULT } from '../resilience/call.js'
import type { Next } from '../resilience/leaf.js'
import { failure, type Outcome } from '../resilience/outcome.js'
import { Policy } from '../resilience/policy.js'
import * as check from '../schema/checks.js'
import { checkTier } from './options.js'

/** What knows how much more can be taken on: a queue, a scheduler, or one's own. */
export interface Capacity {
  /** As a share of the usual load: 1, 0.7, 0.3 or 0.1. */
  readonly capacity: number
}

const TIERS = 5

/** From this tier on load is shed; 5: none is. */
export function shedsFrom(capacity: number): number {
  if (capacity >= 1) return TIERS
  if (capacity >= 0.7) return 4
  return capacity >= 0.3 ? 3 : 2
}

export class Shedder extends Policy {
  readonly #source: Capacity
  readonly #shed = new Array<number>(TIERS).fill(0)

  constructor(source: Capacity) {
    super()
    this.#source = source
  }

  /** Whether load of this tier is let in; counted if it is not. */
  admit(tier: number = TIER_DEFAULT): boolean {
    const known = checkTier({ tier })
    if (known < this.shedsFrom) return true
    this.#shed[known] = (this.#shed[known] ?? 0) + 1
    return false
  }

  /** From this tier on load is shed now; 5: none is. */
  get shedsFrom(): number {
    const { capacity } = this.#source
    // What cannot say how it does sheds nothing.
    return Number.isFinite(capacity) ? shedsFrom(capacity) : TIERS
  }

  /** What was shed, by tier. */
  get shed(): readonly number[] {
    return [...this.#shed]
  }

  async run(next: Next, call: Call): Promise<Outcome<unknown>> {
    return this.admit(call.tier) ? next(call) : failure('shed')
  }
}

/** Sheds by the capacity of a queue, of a scheduler, or of what has a `capacity` of its own. */
export function shedder(source: Capacity): Shedder {
  if (!('capacity' in check.object('shedder', source))) throw invalid('shedder', 'what has a capacity', source)
  return new Shedder(source)
}
