/**
 * Those who wait, first come first served. Joining, leaving from anywhere and taking the first are O(1) at any length.
 */
export class Place<T> {
  readonly value: T
  /** @internal */ previous: Place<T> | undefined
  /** @internal */ next: Place<T> | undefined
  /** @internal */ inLine = true

  constructor(value: T) {
    this.value = value
  }
}

export class Line<T> {
  length = 0
  #first: Place<T> | undefined
  #last: Place<T> | undefined

  join(value: T): Place<T> {
    const place = new Place(value)
    place.previous = this.#last
    if (this.#last === undefined) this.#first = place
    else this.#last.next = place
    this.#last = place
    this.length++
    return place
  }

  /** False where it is not in line any more. */
  leave(place: Place<T>): boolean {
    if (!place.inLine) return false
    place.inLine = false
    if (place.previous === undefined) this.#first = place.next
    else place.previous.next = place.next
    if (place.next === undefined) this.#last = place.previous
    else place.next.previous = place.previous
    this.length--
    return true
  }

  take(): T | undefined {
    const first = this.#first
    if (first === undefined) return undefined
    this.leave(first)
    return first.value
  }
}
