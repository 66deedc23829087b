/** Components that get series of their own unless somebody says otherwise. */
export const COMPONENTS = 128

/**
 * The first so many names that were seen, for as long as this lives: names that come and go, such as origins, neither fill a time
 * series database nor make series that vanish and begin anew.
 */
export class FirstNames {
  readonly #most: number
  readonly #names = new Set<string>()

  constructor(most: number) {
    this.#most = most
  }

  /** Whether a name is one of them, or becomes one. */
  take(name: string): boolean {
    if (this.#names.has(name)) return true
    if (this.#names.size >= this.#most) return false
    this.#names.add(name)
    return true
  }
}
