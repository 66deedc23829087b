/**
 * Shadow evaluation of a cache's TTL: a ghost cache that holds no values, only when each candidate TTL would have fetched.
 *
 * Sampling. Keys whose hash falls below `sample` stand for all others with the weight 1 / sample. Under skewed traffic a few hot
 * keys decide the result, and whether the hash picks them would be luck; so each read also draws (deterministically) for a place
 * among the `hot` keys, which keep it as long as they are read and count with weight 1. Both sets are bounded.
 *
 * Misses are exact for the sampled keys: per candidate, a read whose ghost entry is older than the TTL is a miss and fetches.
 *
 * Staleness follows from what refreshes reveal. Per ghost entry, `fresh` is the probability that its row did not change between
 * its fetch and the last reveal of that key: 1 or 0 where a reveal decides it, otherwise the share that a Poisson process leaves.
 * A hit after that is stale with 1 - fresh * exp(-u * seconds since), u from `update-rate.ts`.
 *
 * Reads of one key within a small part of the shortest TTL of each other are counted together, at the last of them: of a key that
 * is read thousands of times a second nearly every read then costs a look-up. A fetch is seen later by at most that part.
 *
 * A read that is counted costs O(candidates); no read allocates once the tables are warm.
 */
import { hashKey } from './hash.js'
import { type Key, KeyTable } from './key-table.js'
import type { ShadowContext, ShadowSource } from './recipe.js'
import { UpdateRates } from './update-rate.js'

export type Metric = 'miss' | 'stale' | 'loads'
export const METRICS: readonly Metric[] = ['miss', 'stale', 'loads']

/** One draw in so many reads of a key that is not hot. */
const DRAW = 16
/** Reads of a key that are closer than this part of the shortest TTL are counted together. */
const GRAIN = 1 / 32
/** A reveal of the version that is known, so soon after the last one, tells nothing; in parts of the shortest TTL. */
const REVEAL_GRAIN = 1 / 16
/** Intervals between two reveals before staleness is told at all. */
const EVIDENCE_MIN = 20

export interface Settings {
  readonly metrics: readonly Metric[]
  readonly replaces: readonly string[]
  readonly sample: number
  readonly keys: number
  readonly hot: number
  readonly candidates: number
  /** Seconds, as `smoothing`. */
  readonly timeConstant: number
  readonly smoothing: number
  readonly counter: boolean
}

/** Candidates over a knob's range, ascending, evenly spread by its scale; the knob's unit is milliseconds. */
export function candidateValues(context: Pick<ShadowContext, 'min' | 'max' | 'scale'>, count: number): Float64Array {
  const { min, max, scale } = context
  return Float64Array.from({ length: count }, (_, i) => {
    const share = i / (count - 1)
    if (i === count - 1) return max
    return scale === 'log' ? min * (max / min) ** share : min + (max - min) * share
  })
}

export class Ghost implements ShadowSource {
  readonly values: Float64Array
  readonly replaces: readonly string[]
  readonly #settings: Settings
  readonly #nowUs: () => number
  readonly #count: number
  readonly #ttl: Float64Array
  readonly #threshold: number
  /** Seconds. */
  readonly #grain: number
  readonly #revealGrain: number
  readonly #weight: number
  /** Slots: hot keys first, then sampled ones. */
  readonly #hot: KeyTable | undefined
  readonly #firstSampled: number
  readonly #sampled: KeyTable
  readonly #rates: UpdateRates
  /** Per slot and candidate, seconds; -Infinity: nothing fetched. */
  readonly #fetched: Float64Array
  readonly #fresh: Float64Array
  /** Per slot. */
  readonly #revealed: Float64Array
  readonly #version: (string | number | boolean | undefined)[]
  readonly #reads: Float64Array
  /** When reads of the slot were last counted, and how many came since. */
  readonly #readAt: Float64Array
  readonly #uncounted: Uint32Array
  readonly #born: Float64Array
  /** Weighted sums, smoothed over `smoothing`. */
  readonly #misses: Float64Array
  readonly #stale: Float64Array
  #allReads = 0
  #informed = false
  #seconds = 0
  #collectedAt: number
  #drawn = 0x9e3779b9

  constructor(settings: Settings, context: ShadowContext) {
    const slots = settings.hot + settings.keys
    this.#settings = settings
    this.#nowUs = () => context.nowUs()
    this.values = candidateValues(context, settings.candidates)
    this.replaces = settings.replaces
    this.#count = settings.candidates
    this.#ttl = this.values.map((ms) => ms / 1000)
    this.#threshold = settings.sample * 2 ** 32
    this.#grain = (this.#ttl[0] as number) * GRAIN
    this.#revealGrain = (this.#ttl[0] as number) * REVEAL_GRAIN
    this.#weight = 1 / settings.sample
    this.#hot = settings.hot > 0 ? new KeyTable(settings.hot) : undefined
    this.#sampled = new KeyTable(settings.keys)
    this.#firstSampled = settings.hot
    this.#rates = new UpdateRates(slots, settings.timeConstant)
    this.#fetched = new Float64Array(slots * this.#count)
    this.#fresh = new Float64Array(slots * this.#count)
    this.#revealed = new Float64Array(slots)
    this.#version = new Array<string | number | boolean | undefined>(slots).fill(undefined)
    this.#reads = new Float64Array(slots)
    this.#readAt = new Float64Array(slots)
    this.#uncounted = new Uint32Array(slots)
    this.#born = new Float64Array(slots)
    this.#misses = new Float64Array(this.#count)
    this.#stale = new Float64Array(this.#count)
    this.#collectedAt = this.#now()
  }

  read(key: Key): void {
    const now = this.#now()
    const hot = this.#hot?.find(key) ?? -1
    if (hot >= 0) {
      this.#noteRead(hot, 1, now)
      return
    }
    const sampled = hashKey(key) < this.#threshold
    let slot = -1
    if (sampled) {
      slot = this.#sampled.find(key)
      if (slot < 0) {
        slot = this.#sampled.insert(key)
        this.#reset(this.#firstSampled + slot, now, Number.NEGATIVE_INFINITY)
      }
      slot += this.#firstSampled
      this.#noteRead(slot, this.#weight, now)
    }
    if (this.#hot !== undefined && this.#draw()) this.#promote(this.#hot, key, slot, now)
  }

  reveal(key: Key, version: string | number | boolean): void {
    const hot = this.#hot?.find(key) ?? -1
    const sampled = hot < 0 ? this.#sampled.find(key) : -1
    if (hot < 0 && sampled < 0) return
    const slot = hot >= 0 ? hot : this.#firstSampled + sampled
    const now = this.#now()
    const since = this.#revealed[slot] as number
    const before = this.#version[slot]
    if (version === before && version !== true && now - since < this.#revealGrain) return
    this.#revealed[slot] = now
    this.#version[slot] = version
    if (since === Number.NEGATIVE_INFINITY || before === undefined) return
    const exact =
      this.#settings.counter && typeof version === 'number' && typeof before === 'number' && version >= before
    const changes = exact ? version - before : (typeof version === 'boolean' ? version : version !== before) ? 1 : 0
    const readRate = this.#readRate(slot, now)
    this.#learnFresh(slot, since, now, changes > 0, this.#rates.rate(slot, readRate, now))
    this.#rates.observe(slot, readRate, now - since, changes, exact, now)
  }

  collect(nowUs: number, out: Float64Array): boolean {
    const now = nowUs / 1e6
    const seconds = Math.max(0, now - this.#collectedAt)
    this.#collectedAt = now
    this.#seconds += seconds
    const { metrics } = this.#settings
    this.#informed ||= this.#rates.observed >= EVIDENCE_MIN || !metrics.includes('stale')
    const known = this.#informed && this.#allReads > 0
    if (known) {
      for (let c = 0; c < this.#count; c++) {
        for (let m = 0; m < metrics.length; m++) {
          const sum = (metrics[m] === 'stale' ? this.#stale[c] : this.#misses[c]) as number
          out[c * metrics.length + m] = sum / (metrics[m] === 'loads' ? Math.max(this.#seconds, 1e-9) : this.#allReads)
        }
      }
    }
    const keep = Math.exp(-seconds / this.#settings.smoothing)
    this.#allReads *= keep
    this.#seconds *= keep
    for (let c = 0; c < this.#count; c++) {
      this.#misses[c] = (this.#misses[c] as number) * keep
      this.#stale[c] = (this.#stale[c] as number) * keep
    }
    return known
  }

  #now(): number {
    return this.#nowUs() / 1e6
  }

  /** A read of a followed key. */
  #noteRead(slot: number, weight: number, now: number): void {
    this.#allReads += weight
    // A slot that was just given to its key has its first read counted at once.
    if (now - (this.#readAt[slot] as number) < this.#grain && (this.#reads[slot] as number) > 0) {
      this.#uncounted[slot] = (this.#uncounted[slot] as number) + 1
      return
    }
    this.#countReads(slot, weight, now)
  }

  /** The read at `now` and those before it that were not counted yet, at every candidate. */
  #countReads(slot: number, weight: number, now: number): void {
    const n = this.#count
    const base = slot * n
    const before = this.#uncounted[slot] as number
    this.#uncounted[slot] = 0
    const keep = Math.exp(-(now - (this.#readAt[slot] as number)) / this.#settings.timeConstant)
    this.#reads[slot] = (this.#reads[slot] as number) * keep + before + 1
    this.#readAt[slot] = now
    const rate = this.#rates.rate(slot, this.#readRate(slot, now), now)
    const revealed = this.#revealed[slot] as number
    // Neighbouring candidates mostly fetched at the same moment, or all before the last reveal.
    let from = Number.NaN
    let unchanged = 0
    for (let c = 0; c < n; c++) {
      const fetched = this.#fetched[base + c] as number
      const since = Math.max(revealed, fetched)
      if (since !== from) {
        from = since
        unchanged = Math.exp(-rate * (now - since))
      }
      const stale = 1 - (this.#fresh[base + c] as number) * unchanged
      // Written so that "nothing fetched" is a miss too.
      if (now - fetched <= (this.#ttl[c] as number)) {
        this.#stale[c] = (this.#stale[c] as number) + weight * (before + 1) * stale
        continue
      }
      if (before > 0) this.#stale[c] = (this.#stale[c] as number) + weight * before * stale
      this.#misses[c] = (this.#misses[c] as number) + weight
      this.#fetched[base + c] = now
      this.#fresh[base + c] = 1
    }
  }

  /** A reveal at `now` says whether the row changed since the one before; what follows for each ghost entry. */
  #learnFresh(slot: number, since: number, now: number, changed: boolean, rate: number): void {
    const base = slot * this.#count
    const atLeastOne = -Math.expm1(-rate * (now - since))
    for (let c = 0; c < this.#count; c++) {
      const fetched = this.#fetched[base + c] as number
      if (fetched <= since) {
        if (changed) this.#fresh[base + c] = 0
      } else if (!changed) {
        this.#fresh[base + c] = 1
      } else {
        const before = -Math.expm1(-rate * (fetched - since))
        const none = Math.exp(-rate * (now - fetched))
        // A rate near 0 leaves one change at a uniform moment.
        this.#fresh[base + c] = atLeastOne > 1e-12 ? (none * before) / atLeastOne : (fetched - since) / (now - since)
      }
    }
  }

  /** A place among the hot keys; what the sample knew of the key moves along. */
  #promote(table: KeyTable, key: Key, from: number, now: number): void {
    const slot = table.insert(key)
    // Unknown to the sample: as if fetched now, which this uncounted read would have seen to.
    this.#reset(slot, now, now)
    if (from < 0) return
    const n = this.#count
    this.#fetched.copyWithin(slot * n, from * n, (from + 1) * n)
    this.#fresh.copyWithin(slot * n, from * n, (from + 1) * n)
    this.#revealed[slot] = this.#revealed[from] as number
    this.#version[slot] = this.#version[from]
    this.#reads[slot] = this.#reads[from] as number
    this.#uncounted[slot] = this.#uncounted[from] as number
    this.#readAt[slot] = this.#readAt[from] as number
    this.#born[slot] = this.#born[from] as number
    this.#rates.move(from, slot)
  }

  #reset(slot: number, now: number, fetched: number): void {
    const n = this.#count
    this.#fetched.fill(fetched, slot * n, (slot + 1) * n)
    this.#fresh.fill(1, slot * n, (slot + 1) * n)
    this.#revealed[slot] = Number.NEGATIVE_INFINITY
    this.#version[slot] = undefined
    this.#reads[slot] = 0
    this.#uncounted[slot] = 0
    this.#readAt[slot] = now
    this.#born[slot] = now
    this.#rates.reset(slot, now)
  }

  /** Reads per second of a key, as of its last read. */
  #readRate(slot: number, now: number): number {
    const tau = this.#settings.timeConstant
    const observed = tau * -Math.expm1(-Math.max(0, now - (this.#born[slot] as number)) / tau)
    // A key that was just met has been read once in an unknown time: not more than a tenth of the memory is assumed.
    return (this.#reads[slot] as number) / Math.max(observed, tau / 10)
  }

  /** True once in `DRAW` calls on average; a fixed sequence, so that runs repeat. */
  #draw(): boolean {
    this.#drawn = (Math.imul(this.#drawn, 1664525) + 1013904223) | 0
    return this.#drawn >>> 0 < 2 ** 32 / DRAW
  }
}
