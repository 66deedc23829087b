/** One line that says what goes on and for how long, where a person watches. */
import process from 'node:process'
import { systemClock } from '../../clock.js'
import { duration } from '../ui/format.js'
import type { Out } from '../ui/out.js'
import { shorten, width } from '../ui/terminal.js'

const TICK_MS = 1000
/** Drawn more often than this it only flickers. */
const REDRAW_US = 50_000

export class StatusLine {
  readonly #out: Out
  #step: string | undefined
  #text = ''
  #sinceUs = 0
  #drawnUs = 0
  #tick: ReturnType<typeof setInterval> | undefined

  constructor(out: Out) {
    this.#out = out
  }

  /** Says something else; its time begins anew where `step` is another one. */
  show(text: string, step = text): void {
    if (!this.#out.live) return
    const nowUs = systemClock.nowUs()
    if (step !== this.#step) this.#sinceUs = nowUs
    const isNews = step !== this.#step || nowUs - this.#drawnUs >= REDRAW_US
    this.#step = step
    this.#text = text
    // The time goes on where nothing else happens.
    if (this.#tick === undefined) {
      this.#tick = setInterval(() => this.#draw(), TICK_MS)
      this.#tick.unref()
    }
    if (isNews) this.#draw()
  }

  #draw(): void {
    this.#drawnUs = systemClock.nowUs()
    const seconds = Math.floor((this.#drawnUs - this.#sinceUs) / 1e6)
    const since = seconds < 1 ? '' : `  ${duration(seconds * 1000)}`
    const room = this.#out.noteColumns - 1
    const text = shorten(this.#text, Math.max(0, room - width(since)))
    process.stderr.write(`\r\u001b[2K${shorten(text + since, room)}`)
  }

  end(): void {
    if (this.#tick === undefined) return
    clearInterval(this.#tick)
    this.#tick = undefined
    this.#step = undefined
    process.stderr.write('\r\u001b[2K')
  }
}
