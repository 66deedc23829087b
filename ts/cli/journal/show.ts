/**
 * Prints entries: all, the first, the last, and those that are still to come.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { Out } from '../ui/out.js'
import { describeEntry } from './describe.js'
import { type Entry, entriesOf, type Filter, matches } from './entries.js'
import { bytesOf } from './files.js'

export interface ShowOptions {
  readonly filter: Filter
  readonly out: Out
  readonly first?: number | undefined
  readonly last?: number
}

/** Where the printing stands, for going on. */
export interface ShowState {
  readonly printer: Printer
  readonly files: readonly string[]
}

const POLL_MS = 200
const PIECE = 1 << 16

class Printer {
  readonly filter: Filter
  readonly #out: Out
  /** How many so far. */
  printed = 0
  #run: string | undefined
  #startUs = 0

  constructor({ filter, out }: ShowOptions) {
    this.filter = filter
    this.#out = out
  }

  /** Times count from a run's start, whether it is shown or not. */
  see(entry: Entry): void {
    if (entry.run_id === this.#run) return
    this.#run = entry.run_id
    this.#startUs = entry.time_us
  }

  startUs(): number {
    return this.#startUs
  }

  print(entry: Entry, raw: string, startUs: number): void {
    this.printed++
    if (this.#out.json) this.#out.line(raw)
    else {
      const { columns, style } = this.#out
      this.#out.line(describeEntry(entry, startUs, style, columns))
    }
  }
}

export type { Printer }

export async function show(files: readonly string[], options: ShowOptions): Promise<ShowState> {
  const printer = new Printer(options)
  const kept: { entry: Entry; raw: string; startUs: number }[] = []
  let printed = 0
  for await (const { entry, raw } of entriesOf(bytesOf(files))) {
    printer.see(entry)
    if (!matches(entry, options.filter)) continue
    if (options.last === undefined) {
      printer.print(entry, raw, printer.startUs())
      printed++
      if (printed === options.first) break
    } else {
      kept.push({ entry, raw, startUs: printer.startUs() })
      if (kept.length > options.last) kept.shift()
    }
  }
  for (const { entry, raw, startUs } of kept) printer.print(entry, raw, startUs)
  return { printer, files }
}

/** Prints what is appended, in new segments too, until the process is ended. */
export async function follow(list: () => readonly string[], { printer, files }: ShowState): Promise<never> {
  let current = files.at(-1) as string
  let offset = sizeOf(current)
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    const now = list()
    offset = await printFrom(current, offset, printer)
    for (const next of now.slice(now.indexOf(current) + 1)) {
      current = next
      offset = await printFrom(next, 0, printer)
    }
  }
}

async function printFrom(file: string, offset: number, printer: Printer): Promise<number> {
  const fd = openSync(file, 'r')
  try {
    const { bytes, end } = wholeLines(fd, offset)
    for await (const { entry, raw } of entriesOf(bytes)) {
      printer.see(entry)
      if (matches(entry, printer.filter)) printer.print(entry, raw, printer.startUs())
    }
    return end
  } finally {
    closeSync(fd)
  }
}

function wholeLines(fd: number, offset: number): { bytes: AsyncIterable<Uint8Array>; end: number } {
  const { size } = fstatSync(fd)
  const pieces: Uint8Array[] = []
  let at = offset
  while (at < size) {
    const piece = new Uint8Array(Math.min(PIECE, size - at))
    const count = readSync(fd, piece, 0, piece.length, at)
    if (count === 0) break
    pieces.push(piece.subarray(0, count))
    at += count
  }
  const all = Buffer.concat(pieces)
  const whole = all.lastIndexOf(10) + 1
  return { bytes: once(all.subarray(0, whole)), end: offset + whole }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

function sizeOf(file: string): number {
  const fd = openSync(file, 'r')
  try {
    const { size } = fstatSync(fd)
    // A line that is being written is printed when it is whole.
    const tail = new Uint8Array(Math.min(PIECE, size))
    readSync(fd, tail, 0, tail.length, size - tail.length)
    return size - tail.length + tail.lastIndexOf(10) + 1
  } finally {
    closeSync(fd)
  }
}
