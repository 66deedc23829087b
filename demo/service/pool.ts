/** Limits how many queries are under way at once; the others wait in order. The limit may change at any time. */
export class Pool {
  #active = 0
  readonly #waiting: (() => void)[] = []

  readonly limit: () => number
  constructor(limit: () => number) {
    this.limit = limit
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#active >= this.limit()) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#active++
    try {
      return await task()
    } finally {
      this.#release()
    }
  }

  /** A slot is handed over rather than freed, so that nobody overtakes the queue. */
  #release(): void {
    if (this.#active > this.limit()) this.#active--
    else {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#active--
      while (this.#active < this.limit() && this.#waiting.length > 0) {
        this.#active++
        this.#waiting.shift()?.()
      }
    }
  }
}
