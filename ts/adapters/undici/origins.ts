/**
 * What is remembered of each origin: at most so many, the least recently used one gives way.
 */
export class Origins<T> {
  readonly #max: number
  readonly #make: (origin: string) => T
  readonly #known = new Map<string, T>()
  #latest: string | undefined

  constructor(max: number, make: (origin: string) => T) {
    this.#max = max
    this.#make = make
  }

  get(origin: string): T {
    const known = this.#known.get(origin)
    if (known !== undefined) {
      // A map remembers in which order its keys came; most requests go where the last one went.
      if (origin !== this.#latest) {
        this.#known.delete(origin)
        this.#known.set(origin, known)
        this.#latest = origin
      }
      return known
    }
    const made = this.#make(origin)
    if (this.#known.size >= this.#max) this.#known.delete(this.#known.keys().next().value as string)
    this.#known.set(origin, made)
    this.#latest = origin
    return made
  }
}
