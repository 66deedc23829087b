/**
 * How often rows change, estimated from what refreshes reveal.
 *
 * A refresh of a key tells whether it changed since the last one, not when or how often: its changes are seen through intervals
 * (interval censoring). For a Poisson process with m = u d expected changes in the interval, the log likelihood of "changed" is
 * ln(1 - exp(-m)) and of "unchanged" -m. With t = ln u its slope is m / (exp(m) - 1) or -m, and its expected curvature
 * m^2 / (exp(m) - 1): an interval in which a change was certain anyhow teaches nothing, and is not counted as if it did.
 *
 * Estimates are Gaussian in t, kept as precision and precision * mean, corrected by one Newton step per observation and forgotten
 * exponentially. Rarely refreshed keys say little, so they borrow, in three levels of changes per read: all traffic, classes of keys
 * by how often they are read (a factor of two each), and single keys. Each level is the prior of the next.
 */

/** Precision, in changes' worth of evidence, with which a level speaks for the one below it. */
const KEY_PRIOR = 3
const CLASS_PRIOR = 1.5
const ALL_PRIOR = 0.03
/** Changes per read before anything is known. */
const PRIOR_LOG_RATIO = Math.log(0.002)
/** Classes: from below 2^-10 to above 2^13 reads per second. */
const CLASSES = 24
const CLASS_OFFSET = 10
/** Largest correction by one observation, in t. */
const STEP_MAX = 1.5
/** Estimates of ln(changes per second) stay within. */
const LOG_MIN = -16
const LOG_MAX = 7
/** Place of the level for all traffic, after the classes. */
const ALL = CLASSES

export class UpdateRates {
  readonly #tau: number
  /** Per key: precision, precision * mean of ln(changes per second), and when they were last forgotten. */
  readonly #keyPrecision: Float64Array
  readonly #keyInformation: Float64Array
  readonly #keyAt: Float64Array
  /** The same per class, then for all traffic, of ln(changes per read). */
  readonly #precision = new Float64Array(CLASSES + 1)
  readonly #information = new Float64Array(CLASSES + 1)
  #at = 0
  #observed = 0

  /** @param tau time constant of forgetting, seconds */
  constructor(capacity: number, tau: number) {
    this.#tau = tau
    this.#keyPrecision = new Float64Array(capacity)
    this.#keyInformation = new Float64Array(capacity)
    this.#keyAt = new Float64Array(capacity)
  }

  /** The class of keys read `readRate` times per second. */
  static classOf(readRate: number): number {
    return Math.min(CLASSES - 1, Math.max(0, Math.round(Math.log2(readRate)) + CLASS_OFFSET))
  }

  /** Intervals seen since the start. */
  get observed(): number {
    return this.#observed
  }

  /** A slot has a new key. */
  reset(slot: number, now: number): void {
    this.#keyPrecision[slot] = 0
    this.#keyInformation[slot] = 0
    this.#keyAt[slot] = now
  }

  /** Moves what is known of a key to another slot. */
  move(from: number, to: number): void {
    this.#keyPrecision[to] = this.#keyPrecision[from] as number
    this.#keyInformation[to] = this.#keyInformation[from] as number
    this.#keyAt[to] = this.#keyAt[from] as number
  }

  /** Changes per second of a key that is read `readRate` times per second. */
  rate(slot: number, readRate: number, now: number): number {
    const keep = Math.exp(-(now - (this.#keyAt[slot] as number)) / this.#tau)
    return Math.exp(this.#keyMean(slot, readRate, keep))
  }

  /**
   * A refresh of a key revealed `changes` in the last `seconds`; `exact`: that is their number, otherwise only whether there was any.
   */
  observe(slot: number, readRate: number, seconds: number, changes: number, exact: boolean, now: number): void {
    if (!(seconds > 0)) return
    this.#observed++
    // A long interval tells mostly about the past: it weighs as much as forgetting would have left of it.
    const weight = (this.#tau / seconds) * -Math.expm1(-seconds / this.#tau)
    this.#forget(slot, now)
    const cls = UpdateRates.classOf(readRate)
    const reads = seconds * readRate
    // From the key up, so that each level still sees the priors that were there before this observation.
    const key = this.#keyMean(slot, readRate, 1)
    const own = step(key, seconds, changes, exact, weight, (this.#keyPrecision[slot] as number) + KEY_PRIOR)
    const ofClass = this.#mean(cls)
    const ofAll = this.#mean(ALL)
    const inClass = step(ofClass, reads, changes, exact, weight, (this.#precision[cls] as number) + CLASS_PRIOR)
    const inAll = step(ofAll, reads, changes, exact, weight, (this.#precision[ALL] as number) + ALL_PRIOR)
    this.#keyPrecision[slot] = (this.#keyPrecision[slot] as number) + own.precision
    this.#keyInformation[slot] = (this.#keyInformation[slot] as number) + own.precision * key + own.score
    this.#add(cls, ofClass, inClass)
    this.#add(ALL, ofAll, inAll)
  }

  #add(level: number, mean: number, by: Step): void {
    this.#precision[level] = (this.#precision[level] as number) + by.precision
    this.#information[level] = (this.#information[level] as number) + by.precision * mean + by.score
  }

  /** ln(changes per second) of a key, whose own evidence has faded to `keep`. */
  #keyMean(slot: number, readRate: number, keep: number): number {
    const prior = this.#mean(UpdateRates.classOf(readRate)) + Math.log(readRate)
    const precision = (this.#keyPrecision[slot] as number) * keep
    const mean = ((this.#keyInformation[slot] as number) * keep + KEY_PRIOR * prior) / (precision + KEY_PRIOR)
    return Math.min(LOG_MAX, Math.max(LOG_MIN, mean))
  }

  /** ln(changes per read) of a class, or of all traffic. */
  #mean(level: number): number {
    const weight = level === ALL ? ALL_PRIOR : CLASS_PRIOR
    const prior = level === ALL ? PRIOR_LOG_RATIO : this.#mean(ALL)
    const mean = ((this.#information[level] as number) + weight * prior) / ((this.#precision[level] as number) + weight)
    return Math.min(LOG_MAX, Math.max(LOG_MIN, mean))
  }

  #forget(slot: number, now: number): void {
    const ofKey = Math.exp(-(now - (this.#keyAt[slot] as number)) / this.#tau)
    this.#keyAt[slot] = now
    this.#keyPrecision[slot] = (this.#keyPrecision[slot] as number) * ofKey
    this.#keyInformation[slot] = (this.#keyInformation[slot] as number) * ofKey
    const keep = Math.exp(-(now - this.#at) / this.#tau)
    this.#at = now
    for (let i = 0; i <= CLASSES; i++) {
      this.#precision[i] = (this.#precision[i] as number) * keep
      this.#information[i] = (this.#information[i] as number) * keep
    }
  }
}

interface Step {
  precision: number
  score: number
}
const scratch: Step[] = [
  { precision: 0, score: 0 },
  { precision: 0, score: 0 },
  { precision: 0, score: 0 },
]
let next = 0

/** Slope and curvature of the log likelihood at ln(rate) = `t`; the three of one observation are alive at the same time. */
function step(t: number, exposure: number, changes: number, exact: boolean, weight: number, precision: number): Step {
  const m = Math.exp(Math.min(t + Math.log(exposure), 50))
  const spread = m < 1e-6 ? 1 : m / Math.expm1(m)
  const curvature = weight * (exact ? m : m * spread)
  const slope = weight * (exact ? changes - m : changes > 0 ? spread : -m)
  const most = STEP_MAX * (precision + curvature)
  const result = scratch[next] as Step
  next = (next + 1) % scratch.length
  result.precision = curvature
  result.score = Math.min(most, Math.max(-most, slope))
  return result
}
