/** Something that its owner gives up, and that is freed when nobody uses it any more. */
export class Lifetime {
  readonly #free: () => void
  #users = 0
  #over = false

  constructor(free: () => void) {
    this.#free = free
  }

  /** Whether its owner gave it up. */
  get isOver(): boolean {
    return this.#over
  }

  /** Somebody uses it; what this gives says once that they do not any more. */
  use(): () => void {
    this.#users++
    let using = true
    return () => {
      if (!using) return
      using = false
      if (--this.#users === 0 && this.#over) this.#free()
    }
  }

  /** Its owner gives it up. */
  end(): void {
    if (this.#over) return
    this.#over = true
    if (this.#users === 0) this.#free()
  }
}
