import type { TunerEvent } from 'homeostat'

/** Limits in the units of the journal: shares of a knob's range, microseconds. */
export interface AuditLimits {
  readonly maxDelta: number
  readonly updatesPerSecond: number
  readonly minIntervalUs: number
  readonly flipsPerMinute: number
  readonly cumulativePerMinute: number
  /** Knob bounds by name, in knob units, and how the range is laid out. */
  readonly bounds: Readonly<
    Record<string, { readonly min: number; readonly max: number; readonly scale: 'linear' | 'log' }>
  >
}

/** Kinds that every limit holds for; the others (rollback, SafeMode, off, …) have caps of their own and are held to the bounds. */
const ORDINARY = new Set(['probe', 'move', 'shadow', 'operator', 'trial'])
const ROUNDING = 1e-9
/** Between a value that was rounded to what its kind can hold and its place. */
const VALUE_ROUNDING = 1e-6

function place(value: number, { min, max, scale }: AuditLimits['bounds'][string]): number {
  return scale === 'log' ? Math.log(value / min) / Math.log(max / min) : (value - min) / (max - min)
}

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
  #values: Readonly<Record<string, number>>

  /** `initial`: the values that are live before the first change. */
  constructor(limits: AuditLimits, initial: Readonly<Record<string, number>>) {
    this.#limits = limits
    this.#values = initial
    this.#baseline = Object.entries(limits.bounds).map(([name, range]) => place(initial[name] as number, range))
    this.#direction = this.#baseline.map(() => 0)
  }

  /** Any change of what is live, whatever made it. */
  applied(event: TunerEvent): void {
    const values = event.payload.values as Record<string, number>
    const before = this.#values
    this.#values = values
    const ordinary = ORDINARY.has(String(event.payload.kind))
    for (const [name, range] of Object.entries(this.#limits.bounds)) {
      const value = values[name] as number
      this.#check(value >= range.min && value <= range.max)
      const step = Math.abs(place(value, range) - place(before[name] as number, range))
      if (ordinary) this.#check(step <= this.#limits.maxDelta + VALUE_ROUNDING)
    }
    const baseline = event.payload.baseline as number[]
    const deltas = baseline.map((at, i) => at - (this.#baseline[i] as number))
    this.#baseline = baseline
    if (!ordinary) {
      // It counts as an earlier update for those that follow.
      this.#updatesUs.push(event.timeUs)
      return
    }
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
