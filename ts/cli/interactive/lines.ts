/**
 * Cuts bytes into lines, in any cut of the input, with bounded memory.
 */

/** Longest line in bytes; what is longer is passed over and reported in its place. */
export const LINE_MAX = 1 << 20

/** Stands for a line that was too long. */
export const TOO_LONG = Symbol('too long')
export type Line = string | typeof TOO_LONG

export class LineCutter {
  /** The beginning of a line whose end has not come yet. */
  #open = Buffer.alloc(0)
  #length = 0
  #skipping = false
  #first = true

  /** The lines that end in these bytes. */
  push(bytes: Buffer): Line[] {
    const lines: Line[] = []
    let from = 0
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, from)) {
      lines.push(this.#finish(bytes, from, at))
      from = at + 1
    }
    if (from < bytes.length) this.#keep(bytes, from, bytes.length)
    return lines
  }

  /** At the end of the input: a last line without a newline. */
  end(): Line[] {
    return this.#length > 0 || this.#skipping ? [this.#finish(Buffer.alloc(0), 0, 0)] : []
  }

  #finish(bytes: Buffer, from: number, to: number): Line {
    if (this.#skipping || this.#length + to - from > LINE_MAX) {
      this.#skipping = false
      this.#length = 0
      return TOO_LONG
    }
    let text: string
    if (this.#length === 0) text = bytes.toString('utf8', from, to)
    else {
      this.#keep(bytes, from, to)
      text = this.#open.toString('utf8', 0, this.#length)
      this.#length = 0
    }
    if (this.#first) {
      this.#first = false
      return text.replace(/^\uFEFF/, '')
    }
    return text
  }

  #keep(bytes: Buffer, from: number, to: number): void {
    const need = this.#length + to - from
    if (this.#skipping || need > LINE_MAX) {
      this.#skipping = true
      this.#length = 0
      return
    }
    if (need > this.#open.length) {
      const larger = Buffer.alloc(Math.min(LINE_MAX, Math.max(need, 2 * this.#open.length, 4096)))
      this.#open.copy(larger, 0, 0, this.#length)
      this.#open = larger
    }
    bytes.copy(this.#open, this.#length, from, to)
    this.#length = need
  }
}
