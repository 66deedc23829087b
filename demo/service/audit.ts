import type { TunerEvent } from 'homeostat'

/** Limits in the units of the journal: shares of a knob's range, microseconds. */
export interface AuditLimits {
  readonly maxDelta: number
  readonly updatesPerSecond: number
  readonly minIntervalUs: number
  readonly flipsPerMinute: number
  readonly cumulativePerMinute: number
  /** Knob bounds by name, in knob units. */
  readonly bounds: Readonly<Record<string, { readonly min: number; readonly max: number }>>
}

/** Kinds whose caps are their own; they are held to the bounds only. */
const EXCEPTIONAL = new Set(['rollback', 'challenge', 'back-off', 'reset'])
const ROUNDING = 1e-9

/**
 * Counts guardrail breaches from what was applied, independently of the code that enforces them: every ordinary update
 * against the size of a step, the pace, and what may move and turn within a rolling minute.
 */
export class Audit {
  breaches = 0
  readonly #limits: AuditLimits
  readonly #updatesUs: number[] = []
  readonly #moves: { atUs: number; deltas: number[]; flips: boolean[] }[] = []
  readonly #direction: number[]
  #baseline: number[]

  constructor(limits: AuditLimits, baseline: readonly number[]) {
    this.#limits = limits
    this.#baseline = [...baseline]
    this.#direction = baseline.map(() => 0)
  }

  applied(event: TunerEvent): void {
    const values = event.payload.values as Record<string, number>
    for (const [name, { min, max }] of Object.entries(this.#limits.bounds)) {
      const value = values[name]
      this.#check(value !== undefined && value >= min && value <= max)
    }
    const baseline = event.payload.baseline as number[]
    const deltas = baseline.map((at, i) => at - (this.#baseline[i] as number))
    this.#baseline = baseline
    if (EXCEPTIONAL.has(String(event.payload.kind))) return
    this.#pace(event.timeUs)
    this.#movement(event.timeUs, deltas)
  }

  #pace(nowUs: number): void {
    const { minIntervalUs, updatesPerSecond } = this.#limits
    const last = this.#updatesUs.at(-1)
    this.#check(last === undefined || nowUs - last >= minIntervalUs)
    this.#updatesUs.push(nowUs)
    while ((this.#updatesUs[0] as number) <= nowUs - 1e6) this.#updatesUs.shift()
    this.#check(this.#updatesUs.length <= updatesPerSecond)
  }

  #movement(nowUs: number, deltas: number[]): void {
    const { maxDelta, cumulativePerMinute, flipsPerMinute } = this.#limits
    const flips = deltas.map((delta, i) => {
      if (delta === 0) return false
      const turned = delta * (this.#direction[i] as number) < 0
      this.#direction[i] = Math.sign(delta)
      return turned
    })
    this.#moves.push({ atUs: nowUs, deltas, flips })
    while (this.#moves[0] && this.#moves[0].atUs <= nowUs - 60e6) this.#moves.shift()
    for (let i = 0; i < deltas.length; i++) {
      this.#check(Math.abs(deltas[i] as number) <= maxDelta + ROUNDING)
      const moved = this.#moves.reduce((sum, move) => sum + Math.abs(move.deltas[i] as number), 0)
      this.#check(moved <= cumulativePerMinute + ROUNDING)
      this.#check(this.#moves.filter((move) => move.flips[i]).length <= flipsPerMinute)
    }
  }

  #check(holds: boolean): void {
    if (!holds) this.breaches++
  }
}
