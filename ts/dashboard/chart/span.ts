/**
 * The stretch of time that every chart of a view shows, and where its readers' cursor stands. It follows the latest point until
 * somebody looks back.
 */

export class Span {
  firstMs = 0
  lastMs = 1
  live = true
  /** Undefined: everything there is. */
  lengthMs: number | undefined = undefined
  cursorMs: number | undefined
  #toMs = 1
  readonly #listeners = new Set<() => void>()

  /** @returns what ends it */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  touch(): void {
    for (const listener of this.#listeners) listener()
  }

  get fromMs(): number {
    return this.toMs - this.#length
  }

  get toMs(): number {
    return this.live || this.lengthMs === undefined ? this.lastMs : this.#toMs
  }

  get #length(): number {
    return Math.max(1, this.lengthMs ?? this.lastMs - this.firstMs)
  }

  /** What there is: both ends only ever say what the server said. */
  reach(firstMs: number, lastMs: number): void {
    this.firstMs = Math.min(firstMs, lastMs)
    this.lastMs = Math.max(lastMs, firstMs + 1)
    this.touch()
  }

  choose(lengthMs: number | undefined): void {
    const centre = this.toMs - this.#length / 2
    this.lengthMs = lengthMs
    if (lengthMs === undefined) this.live = true
    else if (!this.live) this.#place(centre + lengthMs / 2)
    this.touch()
  }

  follow(live: boolean): void {
    if (!live) this.#hold()
    this.live = live
    this.touch()
  }

  /** By a share of what is shown; beyond the latest point it follows again. */
  pan(share: number): void {
    this.#hold()
    const to = this.#toMs + share * this.#length
    this.live = share > 0 && to >= this.lastMs
    this.#place(to)
    this.touch()
  }

  /** A factor below 1 shows less; what stands at the share `at` of the width stays there. */
  zoom(factor: number, at = this.live ? 1 : 0.5): void {
    const all = Math.max(1, this.lastMs - this.firstMs)
    const length = this.#length * factor
    if (length >= all) {
      this.choose(undefined)
      return
    }
    const still = this.fromMs + this.#length * at
    const live = this.live && at >= 1
    this.lengthMs = Math.max(Math.min(1000, all), length)
    this.live = live
    this.#place(still + this.lengthMs * (1 - at))
    this.touch()
  }

  #hold(): void {
    const { toMs } = this
    this.lengthMs ??= this.#length
    this.#toMs = toMs
  }

  #place(toMs: number): void {
    const length = this.#length
    this.#toMs = Math.max(Math.min(this.firstMs + length, this.lastMs), Math.min(this.lastMs, toMs))
  }
}
