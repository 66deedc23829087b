/**
 * A terminal as a grid of lines. Own code rather than a library: all that is needed are an alternate screen and lines at places, and
 * the smallest library that does it is larger than the rest of this command.
 *
 * Only lines that changed are written, all of a frame in one write, between marks that terminals which know them take as one picture:
 * nothing flickers. However the process ends, short of `kill -9`, the terminal is as it was before.
 */
import { writeSync } from 'node:fs'
import process from 'node:process'

const ESC = '\u001b['
/** Alternate screen, no cursor, no wrapping of lines. */
const ENTER = `${ESC}?1049h${ESC}?25l${ESC}?7l${ESC}2J`
const LEAVE = `${ESC}?2026l${ESC}0m${ESC}?7h${ESC}?25h${ESC}?1049l`
const BEGIN = `${ESC}?2026h`
const END = `${ESC}?2026l`

export interface Input {
  readonly isTTY?: boolean
  setRawMode?(raw: boolean): unknown
  on(event: 'data', listener: (data: Buffer) => void): unknown
  off(event: 'data', listener: (data: Buffer) => void): unknown
  resume(): unknown
  pause(): unknown
}

export interface Output {
  readonly columns?: number
  readonly rows?: number
  write(text: string): unknown
  on(event: 'resize', listener: () => void): unknown
  off(event: 'resize', listener: () => void): unknown
}

export interface ScreenListener {
  typed(text: string): void
  /** The size changed, or the terminal is ours again: everything is to be drawn. */
  changed(): void
}

export class Screen {
  readonly #input: Input
  readonly #output: Output
  readonly #listener: ScreenListener
  #shown: readonly string[] = []
  #open = false
  readonly #typed = (data: Buffer): void => this.#listener.typed(data.toString('utf8'))
  readonly #resized = (): void => {
    this.#shown = []
    this.#listener.changed()
  }
  readonly #exit = (): void => this.#restoreNow()
  readonly #continued = (): void => {
    if (!this.#open) this.open()
    this.#resized()
  }

  constructor(input: Input, output: Output, listener: ScreenListener) {
    this.#input = input
    this.#output = output
    this.#listener = listener
  }

  get columns(): number {
    return this.#output.columns || Number(process.env.COLUMNS) || 80
  }

  get rows(): number {
    return this.#output.rows || Number(process.env.LINES) || 24
  }

  open(): void {
    if (this.#open) return
    this.#open = true
    this.#shown = []
    this.#input.setRawMode?.(true)
    this.#input.on('data', this.#typed)
    this.#input.resume()
    this.#output.on('resize', this.#resized)
    process.off('exit', this.#exit)
    process.on('exit', this.#exit)
    process.off('SIGCONT', this.#continued)
    process.on('SIGCONT', this.#continued)
    this.#output.write(ENTER)
  }

  /** A frame: as many lines as there are rows, each as wide as the terminal. */
  draw(lines: readonly string[]): void {
    if (!this.#open) return
    const changed = lines.flatMap((line, i) => (line === this.#shown[i] ? [] : [`${ESC}${i + 1};1H${line}${ESC}0m`]))
    // After a resize anything may stand anywhere.
    const fresh = this.#shown.length === 0 ? `${ESC}0m${ESC}2J` : ''
    this.#shown = [...lines]
    if (changed.length > 0) this.#output.write(`${BEGIN}${fresh}${changed.join('')}${END}`)
  }

  /** Everything is written again with the next frame. */
  forget(): void {
    this.#shown = []
  }

  /** Gives the terminal to the shell until the process is continued. */
  suspend(): void {
    this.#leave()
    this.#output.write(LEAVE)
    process.kill(process.pid, 'SIGTSTP')
  }

  close(): void {
    if (this.#open) {
      this.#leave()
      this.#output.write(LEAVE)
    }
    process.off('exit', this.#exit)
    process.off('SIGCONT', this.#continued)
  }

  #leave(): void {
    this.#open = false
    this.#input.off('data', this.#typed)
    this.#input.setRawMode?.(false)
    this.#input.pause()
    this.#output.off('resize', this.#resized)
  }

  /** At the end of a process that did not close: a write that waits would never be made. */
  #restoreNow(): void {
    if (!this.#open) return
    this.#open = false
    try {
      this.#input.setRawMode?.(false)
      writeSync(1, LEAVE)
    } catch {
      // The terminal is gone.
    }
  }
}
