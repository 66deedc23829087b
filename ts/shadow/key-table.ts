/**
 * A bounded table from keys to slots. Slots are reused by the clock algorithm: the hand passes over slots that were touched
 * since it last came by. Memory is allocated once; after that an insertion reuses a slot.
 */
export type Key = string | number

export class KeyTable {
  readonly capacity: number
  readonly #slots = new Map<Key, number>()
  readonly #keys: (Key | undefined)[]
  readonly #touched: Uint8Array
  #used = 0
  #hand = 0

  constructor(capacity: number) {
    this.capacity = capacity
    this.#keys = new Array<Key | undefined>(capacity).fill(undefined)
    this.#touched = new Uint8Array(capacity)
  }

  get size(): number {
    return this.#slots.size
  }

  /** The slot of a key, which counts as a touch; -1 when it has none. */
  find(key: Key): number {
    const slot = this.#slots.get(key)
    if (slot === undefined) return -1
    this.#touched[slot] = 1
    return slot
  }

  /** Gives a new key a slot; the caller resets what it keeps under it. */
  insert(key: Key): number {
    const slot = this.#used < this.capacity ? this.#used++ : this.#evict()
    this.#keys[slot] = key
    this.#slots.set(key, slot)
    // Untouched: a key that is seen once leaves before those that are seen again.
    this.#touched[slot] = 0
    return slot
  }

  #evict(): number {
    while (true) {
      const slot = this.#hand
      this.#hand = slot + 1 === this.capacity ? 0 : slot + 1
      if (this.#touched[slot] === 1) {
        this.#touched[slot] = 0
        continue
      }
      this.#slots.delete(this.#keys[slot] as Key)
      return slot
    }
  }
}
