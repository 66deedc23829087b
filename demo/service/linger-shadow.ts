/**
 * What another linger would have cost on the same misses: for every candidate a model of the database path, fed with the
 * moments at which keys really began to wait and with the service time that the answers reveal. The model is what the
 * path is: a batch stays open for the linger, the database answers one query at a time, in order.
 *
 * The service time of a query is its answer minus the later of its departure and the answer before it, which is exact
 * for one server that answers in order, however long the queue.
 */
export interface LingerShadowOptions {
  readonly candidatesMs: readonly number[]
  readonly timeoutMs: number
}

/** Service times that the estimate averages; small, because a database becomes slow from one moment to the next. */
const SERVICE_SAMPLES = 8
/** Queries are taken to last longer than measured by this: a setting at the edge of what the database can do is not worth having. */
const HEADROOM = 1.3
/** Latencies kept per candidate between two readings; more are counted by the share they stand for. */
const MOST_LATENCIES = 4096

interface Ghost {
  readonly lingerMs: number
  openedAtMs: number
  readonly waiting: number[]
  freeAtMs: number
  latenciesMs: number[]
}

export class LingerShadow {
  readonly candidatesMs: readonly number[]
  readonly #ghosts: readonly Ghost[]
  readonly #service: number[] = []
  #lastAnswerMs = 0
  #requests = 0
  #dropped = 0

  readonly #timeoutMs: number

  constructor(options: LingerShadowOptions) {
    this.candidatesMs = options.candidatesMs
    this.#timeoutMs = options.timeoutMs
    this.#ghosts = options.candidatesMs.map((lingerMs) => ({
      lingerMs,
      openedAtMs: 0,
      waiting: [],
      freeAtMs: 0,
      latenciesMs: [],
    }))
  }

  /** A request came; most are answered from the cache and only dilute the percentiles. */
  requested(): void {
    this.#requests++
  }

  /** A key began to wait for its batch. */
  asked(nowMs: number): void {
    for (const ghost of this.#ghosts) {
      this.#advance(ghost, nowMs)
      if (ghost.waiting.length === 0) ghost.openedAtMs = nowMs
      if (ghost.waiting.length < MOST_LATENCIES) ghost.waiting.push(nowMs)
      else this.#dropped++
    }
  }

  /** A query beside the batches takes the database's time, whatever the linger. */
  askedAside(nowMs: number): void {
    for (const ghost of this.#ghosts) {
      this.#advance(ghost, nowMs)
      ghost.freeAtMs = Math.max(nowMs, ghost.freeAtMs) + this.serviceMs
    }
  }

  /** A query, of a batch or beside them, was answered. */
  answered(sentAtMs: number, answeredAtMs: number): void {
    this.#service.push(answeredAtMs - Math.max(sentAtMs, this.#lastAnswerMs))
    if (this.#service.length > SERVICE_SAMPLES) this.#service.shift()
    this.#lastAnswerMs = answeredAtMs
  }

  /** Latencies that did not fit, over all candidates. */
  get dropped(): number {
    return this.#dropped
  }

  /** Service time that the model reckons with, in ms: the present mean and some headroom. */
  get serviceMs(): number {
    const total = this.#service.reduce((sum, ms) => sum + ms, 0)
    return this.#service.length === 0 ? 0 : (HEADROOM * total) / this.#service.length
  }

  /** 99th percentile over all requests and share of timeouts per candidate, since the last call; nothing when there were none. */
  take(nowMs: number): { p99Ms: number; errorRate: number }[] | undefined {
    const requests = this.#requests
    if (requests === 0) return undefined
    this.#requests = 0
    return this.#ghosts.map((ghost) => {
      this.#advance(ghost, nowMs)
      const slowest = ghost.latenciesMs.sort((a, b) => b - a)
      ghost.latenciesMs = []
      // Nearest rank from above: hits are faster than any miss.
      const rank = requests - Math.ceil(requests * 0.99)
      const timedOut = slowest.filter((ms) => ms >= this.#timeoutMs).length
      return { p99Ms: slowest[rank] ?? 0, errorRate: Math.min(1, timedOut / requests) }
    })
  }

  /** Sends the open batch when its time is up. */
  #advance(ghost: Ghost, nowMs: number): void {
    if (ghost.waiting.length === 0 || nowMs < ghost.openedAtMs + ghost.lingerMs) return
    const sentAtMs = ghost.openedAtMs + ghost.lingerMs
    // Nobody waits longer than the timeout, so a backlog beyond it is not carried on.
    const startAtMs = Math.min(Math.max(sentAtMs, ghost.freeAtMs), sentAtMs + this.#timeoutMs)
    ghost.freeAtMs = startAtMs + this.serviceMs
    for (const askedAtMs of ghost.waiting) {
      const latencyMs = Math.min(ghost.freeAtMs - askedAtMs, this.#timeoutMs)
      if (ghost.latenciesMs.length < MOST_LATENCIES) ghost.latenciesMs.push(latencyMs)
      else this.#dropped++
    }
    ghost.waiting.length = 0
  }
}
