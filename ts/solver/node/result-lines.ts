/**
 * Reads a script's standard output: lines, of which `RESULT=<number>` is its result. Bounded, whatever a script prints.
 */
const LINE_MAX = 64 * 1024
const RESULT = /^\s*RESULT=(.*)$/
/** As C, Python and JavaScript print them. */
const SPECIAL: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
}
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

/** The number that text says, NaN and infinities included; undefined where it says none. */
export function parseResult(text: string): number | undefined {
  const trimmed = text.trim()
  if (NUMBER.test(trimmed)) return Number(trimmed)
  const word = trimmed.toLowerCase().replace(/^[+-]/, '')
  if (!Object.hasOwn(SPECIAL, word)) return undefined
  const value = SPECIAL[word] as number
  return trimmed.startsWith('-') ? -value : value
}

export class ResultLines {
  /** Texts behind `RESULT=`, the first and the last of them. */
  first: string | undefined
  last: string | undefined
  count = 0
  readonly #decoder = new TextDecoder()
  readonly #onLine: ((line: string) => void) | undefined
  #open = ''
  #tooLong = false

  constructor(onLine?: (line: string) => void) {
    this.#onLine = onLine
  }

  push(bytes: Uint8Array): void {
    this.#take(this.#decoder.decode(bytes, { stream: true }))
  }

  /** The end of the output: a last line without a newline counts. */
  end(): void {
    this.#take(this.#decoder.decode())
    if (this.#open !== '' && !this.#tooLong) this.#line(this.#open)
    this.#open = ''
  }

  #take(text: string): void {
    let from = 0
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', from)) {
      const line = this.#open + text.slice(from, at)
      if (!this.#tooLong) this.#line(line)
      this.#open = ''
      this.#tooLong = false
      from = at + 1
    }
    if (this.#tooLong) return
    this.#open += text.slice(from)
    // No result is that long: the rest of the line is passed over.
    if (this.#open.length > LINE_MAX) {
      this.#open = ''
      this.#tooLong = true
    }
  }

  #line(raw: string): void {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw
    this.#onLine?.(line)
    const found = RESULT.exec(line)
    if (found === null) return
    this.count++
    this.first ??= found[1] as string
    this.last = found[1] as string
  }
}

/** Keeps the end of a stream, for the reason of a failure. */
export class Tail {
  readonly #max: number
  #text = ''

  constructor(max: number) {
    this.#max = max
  }

  push(text: string): void {
    this.#text = (this.#text + text).slice(-this.#max)
  }

  get lastLine(): string {
    return this.#text.trimEnd().split('\n').at(-1)?.trim() ?? ''
  }
}
