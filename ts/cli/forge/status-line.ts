/** One line that says what goes on, where a person watches. */
import process from 'node:process'
import type { Out } from '../ui/out.js'
import { shorten } from '../ui/terminal.js'

export class StatusLine {
  readonly #out: Out
  #shown = false

  constructor(out: Out) {
    this.#out = out
  }

  show(text: string): void {
    if (!this.#out.live) return
    this.#shown = true
    process.stderr.write(`\r\u001b[2K${shorten(text, this.#out.noteColumns - 1)}`)
  }

  end(): void {
    if (this.#shown) process.stderr.write('\r\u001b[2K')
    this.#shown = false
  }
}
