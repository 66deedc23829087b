/**
 * The rows of one chart. The server thins them out; what is held is the whole history at a coarse grain, and what is being looked at
 * finely, with as much again to either side, so that panning shows something at once and asks for more when it rests.
 */
import type { Range, SeriesList } from '../../server/history/history.js'
import type { Rows } from './decimate.js'

export type Ask = (query: {
  readonly series: readonly string[]
  readonly fromMs: number
  readonly toMs: number
  readonly buckets: number
  readonly signal: AbortSignal
}) => Promise<Range>
export type { SeriesList }

interface Loaded {
  readonly fromMs: number
  readonly toMs: number
  /** Least width of a row. */
  readonly grainMs: number
  readonly rows: ReadonlyMap<string, Rows>
}

const BUCKETS_MAX = 4096
const COARSE = 1024
const REST_MS = 90
/** After a question that failed, so long until it is asked again; twice as long after the next. */
const RETRY_MS = 1000
const RETRY_MAX_MS = 15_000
/** Rows that came live and that no answer has yet. */
const TAIL_MAX = 4096

export class Track {
  readonly series: readonly string[]
  error: unknown
  readonly #ask: Ask
  readonly #changed: () => void
  #coarse: Loaded | undefined
  #fine: Loaded | undefined
  #tail: { readonly atMs: number; readonly values: readonly number[] }[] = []
  #merged: Map<string, Rows> | undefined
  #current: AbortController | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #wanted = ''
  #stale = false
  #failures = 0
  #retry: ReturnType<typeof setTimeout> | undefined

  constructor(series: readonly string[], ask: Ask, changed: () => void) {
    this.series = series
    this.#ask = ask
    this.#changed = changed
  }

  get loading(): boolean {
    return this.#coarse === undefined && this.error === undefined
  }

  /** What is known of a series between two times: the fine rows where they reach, else the coarse ones. */
  rows(series: string, fromMs: number, toMs: number): Rows | undefined {
    const fine = this.#fine
    if (fine !== undefined && fromMs >= fine.fromMs && (toMs <= fine.toMs || this.#tail.length > 0)) {
      this.#merged ??= withTail(fine, this.series, this.#tail)
      return this.#merged.get(series)
    }
    return this.#coarse?.rows.get(series)
  }

  /** Somebody looks at this stretch, so many pixels wide, of what reaches from `firstMs` to `lastMs`. */
  need(fromMs: number, toMs: number, width: number, firstMs: number, lastMs: number): void {
    // Before anybody knows how far back there is something, nothing can be asked for.
    if (lastMs <= 1) return
    const grainMs = ((toMs - fromMs) / Math.max(1, width)) * 2
    const fine = this.#fine
    // What came live reaches a little further than what was asked for.
    const reaches = fine !== undefined && fromMs >= fine.fromMs && toMs <= Math.max(fine.toMs, this.#tailEnd())
    const enough = !this.#stale && reaches && fine.grainMs <= grainMs && this.#tail.length < TAIL_MAX
    if (enough && this.#coarse !== undefined) return
    const spare = toMs - fromMs
    const from = Math.max(firstMs, fromMs - spare)
    const to = Math.min(Math.max(toMs, lastMs), toMs + spare)
    const wanted = `${Math.floor(from / grainMs / 8)} ${Math.floor(to / grainMs / 8)} ${grainMs.toPrecision(2)}`
    if (wanted === this.#wanted || this.error !== undefined) return
    this.#wanted = wanted
    clearTimeout(this.#timer)
    const soon = this.#coarse === undefined ? 0 : REST_MS
    this.#timer = setTimeout(() => void this.#load(from, to, width, firstMs, lastMs), soon)
  }

  /** A row that came live. */
  append(atMs: number, values: readonly number[]): void {
    if (this.#fine === undefined || atMs <= Math.max(this.#fine.toMs, this.#tailEnd())) return
    this.#tail.push({ atMs, values })
    this.#merged = undefined
    // Nobody has looked for long: the next look asks.
    if (this.#tail.length > 2 * TAIL_MAX) {
      this.#tail = []
      this.#fine = undefined
    }
  }

  /** What is held may lack something: it is asked for again at the next look, and shown until then. */
  stale(): void {
    this.#stale = true
    this.#askAgain()
  }

  /** Everything has to be asked for again. */
  forget(): void {
    this.#current?.abort()
    clearTimeout(this.#timer)
    clearTimeout(this.#retry)
    this.#failures = 0
    this.#coarse = undefined
    this.#fine = undefined
    this.#tail = []
    this.#merged = undefined
    this.#wanted = ''
    this.error = undefined
  }

  #tailEnd(): number {
    return this.#tail.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY
  }

  async #load(fromMs: number, toMs: number, width: number, firstMs: number, lastMs: number): Promise<void> {
    this.#current?.abort()
    const current = new AbortController()
    this.#current = current
    const { signal } = current
    try {
      const fine = this.#ask({ series: this.series, fromMs, toMs, buckets: bucketsFor(width), signal })
      const known = this.#coarse
      const grown = known !== undefined && lastMs - firstMs > (known.toMs - known.fromMs) * 1.25
      const coarse =
        known === undefined || grown
          ? this.#ask({ series: this.series, fromMs: firstMs, toMs: lastMs, buckets: COARSE, signal })
          : undefined
      const [near, far] = await Promise.all([fine, coarse])
      this.#fine = loadedOf(near)
      if (far !== undefined) this.#coarse = loadedOf(far)
      this.error = undefined
      this.#failures = 0
      this.#stale = false
      const { toMs: end } = this.#fine
      this.#tail = this.#tail.filter(({ atMs }) => atMs > end)
    } catch (error) {
      if (signal.aborted) return
      this.error = error
      clearTimeout(this.#retry)
      this.#retry = setTimeout(() => this.#askAgain(), Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** this.#failures++))
    }
    this.#wanted = ''
    this.#merged = undefined
    this.#changed()
  }

  /** Whoever looks asks: of what nobody sees nothing is asked. */
  #askAgain(): void {
    clearTimeout(this.#retry)
    this.error = undefined
    this.#wanted = ''
    this.#changed()
  }
}

const bucketsFor = (width: number): number => Math.min(BUCKETS_MAX, Math.max(300, Math.round(width * 3)))

function loadedOf(range: Range): Loaded {
  const at = Float64Array.from(range.atMs)
  const rows = new Map<string, Rows>()
  for (const [name, { min, max, mean }] of Object.entries(range.series)) {
    rows.set(name, { at, min: numbers(min), max: numbers(max), mean: numbers(mean) })
  }
  return { fromMs: range.fromMs, toMs: range.toMs, grainMs: range.bucketMs ?? 0, rows }
}

const numbers = (given: readonly (number | null)[]): Float64Array =>
  Float64Array.from(given, (value) => (value === null ? Number.NaN : value))

function withTail(
  { rows }: Loaded,
  series: readonly string[],
  tail: readonly { atMs: number; values: readonly number[] }[],
) {
  if (tail.length === 0) return new Map(rows)
  const merged = new Map<string, Rows>()
  const times = Float64Array.from(tail, ({ atMs }) => atMs)
  series.forEach((name, s) => {
    const known = rows.get(name)
    const values = Float64Array.from(tail, (one) => one.values[s] ?? Number.NaN)
    const join = (a: Float64Array | undefined, b: Float64Array): Float64Array => {
      const out = new Float64Array((a?.length ?? 0) + b.length)
      if (a !== undefined) out.set(a)
      out.set(b, a?.length ?? 0)
      return out
    }
    merged.set(name, {
      at: join(known?.at, times),
      min: join(known?.min, values),
      max: join(known?.max, values),
      mean: join(known?.mean, values),
    })
  })
  return merged
}
