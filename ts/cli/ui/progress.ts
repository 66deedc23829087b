/**
 * One line that is rewritten in place, with lines above it that stay.
 */
import process from 'node:process'
import { systemClock } from '../../clock.js'
import type { Progress } from '../run/report.js'
import { duration, number } from './format.js'
import type { Out } from './out.js'
import { width } from './terminal.js'

const REDRAW_MS = 100
const TICK_MS = 1000
const BAR_MOST = 24
const BAR_LEAST = 8

export class ProgressBar {
  readonly #out: Out
  readonly #startUs = systemClock.nowUs()
  readonly #tick: ReturnType<typeof setInterval>
  #progress: Progress | undefined
  #first: number | undefined
  #drawnUs = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(out: Out) {
    this.#out = out
    // The time goes on where nothing else happens.
    this.#tick = setInterval(() => this.#draw(), TICK_MS)
    this.#tick.unref()
  }

  update(progress: Progress): void {
    this.#progress = progress
    this.#first ??= progress.done
    const waited = (systemClock.nowUs() - this.#drawnUs) / 1000
    if (waited >= REDRAW_MS) this.#draw()
    else
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined
        this.#draw()
      }, REDRAW_MS - waited)
  }

  above(line: string): void {
    process.stderr.write(`\r\u001b[2K${line}\n`)
    this.#draw()
  }

  close(): void {
    clearInterval(this.#tick)
    clearTimeout(this.#timer)
    process.stderr.write('\r\u001b[2K')
  }

  #draw(): void {
    if (this.#progress === undefined) return
    this.#drawnUs = systemClock.nowUs()
    process.stderr.write(`\r\u001b[2K${this.#text(this.#progress)}`)
  }

  /** What there is room for, the most important first. */
  #text({ done, budget, running, failed, best }: Progress): string {
    const { noteStyle: style, noteColumns } = this.#out
    const room = noteColumns - 1
    const finite = Number.isFinite(budget)
    const seconds = (systemClock.nowUs() - this.#startUs) / 1e6
    const rate = (done - (this.#first ?? done)) / seconds
    const parts = [
      finite ? `${done}/${budget}` : `${done} trials`,
      best === undefined ? '' : `best ${number(best.value)}`,
      failed > 0 ? `${failed} failed` : '',
      finite && rate > 0 ? `${duration((1000 * (budget - done)) / rate)} left` : duration(1000 * seconds),
      running > 1 ? `${running} running` : '',
    ].filter((part) => part !== '')
    const kept: string[] = []
    let used = finite ? BAR_LEAST : 0
    for (const part of parts) {
      const need = width(part) + 2
      if (used + need > room) break
      kept.push(part)
      used += need
    }
    const text = kept.join('  ')
    if (!finite) return text
    const cells = Math.min(BAR_MOST, room - width(text) - 2)
    const full = Math.round(cells * Math.min(1, done / budget))
    return `${style.green('━'.repeat(full))}${style.dim('─'.repeat(cells - full))}  ${text}`
  }
}
