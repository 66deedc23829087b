/**
 * What another TTL would have cost on the same traffic: ghost entries for every candidate, fed by the real lookups, and
 * the versions that refreshes and sampled revalidations reveal. Misses are counted exactly. Whether a ghost entry would
 * have been stale follows from the updates seen between two readings of a row: their number is known (versions count
 * them), their moments are taken as uniform in between.
 */
export interface TtlShadowOptions {
  readonly candidatesMs: readonly number[]
  /** Rows tracked at most; ids run from 1. */
  readonly capacity: number
  /** Readings of a row that are kept apart; older ones are merged. */
  readonly readings?: number
}

/** The ghosts' state at one lookup, kept until the row's version is known. */
export type Sighting = Float64Array

export class TtlShadow {
  readonly candidatesMs: readonly number[]
  readonly #candidates: Float64Array
  readonly #filled: Float64Array
  readonly #readings: number
  /** Per row: times and versions of its last readings, oldest first, and how many there are. */
  readonly #readAt: Float64Array
  readonly #version: Int32Array
  readonly #count: Uint8Array
  /** Since the last {@link take}: lookups, ghost misses and expected stale answers per candidate. */
  #lookups = 0
  readonly #misses: Float64Array
  readonly #stale: Float64Array

  constructor(options: TtlShadowOptions) {
    const { candidatesMs, capacity, readings = 6 } = options
    this.candidatesMs = candidatesMs
    this.#candidates = Float64Array.from(candidatesMs)
    this.#filled = new Float64Array((capacity + 1) * candidatesMs.length).fill(Number.NEGATIVE_INFINITY)
    this.#readings = readings
    this.#readAt = new Float64Array((capacity + 1) * readings)
    this.#version = new Int32Array((capacity + 1) * readings)
    this.#count = new Uint8Array(capacity + 1)
    this.#misses = new Float64Array(candidatesMs.length)
    this.#stale = new Float64Array(candidatesMs.length)
  }

  /** When each ghost entry of this row was filled, before the present lookup changes it. */
  sight(id: number): Sighting {
    const width = this.#candidates.length
    return this.#filled.slice(id * width, (id + 1) * width)
  }

  looked(id: number, nowMs: number): void {
    const width = this.#candidates.length
    const base = id * width
    this.#lookups++
    for (let c = 0; c < width; c++) {
      if (nowMs - (this.#filled[base + c] as number) < (this.#candidates[c] as number)) continue
      this.#filled[base + c] = nowMs
      this.#misses[c] = (this.#misses[c] as number) + 1
    }
  }

  /** A row was read from the database. Readings of one row come in order of time. */
  read(id: number, version: number, readAtMs: number): void {
    const most = this.#readings
    const base = id * most
    let count = this.#count[id] as number
    if (count > 0 && (this.#readAt[base + count - 1] as number) >= readAtMs) return
    const unchanged =
      count >= 2 && this.#version[base + count - 1] === version && this.#version[base + count - 2] === version
    if (unchanged) count--
    else if (count === most) {
      // The second oldest goes: the two oldest spans become one, with the updates of both.
      for (let i = 1; i < most - 1; i++) {
        this.#readAt[base + i] = this.#readAt[base + i + 1] as number
        this.#version[base + i] = this.#version[base + i + 1] as number
      }
      count--
    }
    this.#readAt[base + count] = readAtMs
    this.#version[base + count] = version
    this.#count[id] = count + 1
  }

  /**
   * The row of an earlier lookup has been read since ({@link read} was called): counts what each ghost would have
   * served. `weight` is the number of lookups that this one stands for.
   */
  judge(id: number, lookedAtMs: number, sighting: Sighting, weight: number): void {
    for (let c = 0; c < sighting.length; c++) {
      const filledAtMs = sighting[c] as number
      if (lookedAtMs - filledAtMs >= (this.#candidates[c] as number)) continue
      this.#stale[c] = (this.#stale[c] as number) + weight * this.#updatedWithin(id, filledAtMs, lookedAtMs)
    }
  }

  /** Counts per candidate since the last call. */
  take(): { lookups: number; misses: Float64Array; stale: Float64Array } {
    const taken = { lookups: this.#lookups, misses: this.#misses.slice(), stale: this.#stale.slice() }
    this.#lookups = 0
    this.#misses.fill(0)
    this.#stale.fill(0)
    return taken
  }

  /** Probability that the row changed in the span, given its readings; before the first reading nothing is known to have changed. */
  #updatedWithin(id: number, fromMs: number, toMs: number): number {
    const base = id * this.#readings
    const count = this.#count[id] as number
    let unchanged = 1
    for (let i = 1; i < count; i++) {
      const start = this.#readAt[base + i - 1] as number
      const end = this.#readAt[base + i] as number
      const updates = (this.#version[base + i] as number) - (this.#version[base + i - 1] as number)
      const overlap = Math.min(end, toMs) - Math.max(start, fromMs)
      if (updates <= 0 || overlap <= 0) continue
      unchanged *= (1 - overlap / (end - start)) ** updates
    }
    return 1 - unchanged
  }
}
