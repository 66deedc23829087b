/** Exact simulation of one TTL with known updates: what the ghost cache estimates without knowing them. */
export class TtlOracle {
  reads = 0
  misses = 0
  stale = 0
  readonly #ttl: number
  readonly #fetched = new Map<number, { at: number; version: number }>()

  constructor(ttlSeconds: number) {
    this.#ttl = ttlSeconds
  }

  /** True when the read is a miss, which fetches. */
  read(key: number, version: number, at: number, counts = true): boolean {
    if (counts) this.reads++
    const entry = this.#fetched.get(key)
    if (entry === undefined || at - entry.at > this.#ttl) {
      if (counts) this.misses++
      this.#fetched.set(key, { at, version })
      return true
    }
    if (counts && entry.version !== version) this.stale++
    return false
  }
}
