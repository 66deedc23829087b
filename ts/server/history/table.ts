/**
 * History in memory: rows at rising times, in columns that may be added later. The oldest rows give way.
 */
import { Column, type Summary } from './column.js'
import type { History, Range, RangeQuery, SeriesList } from './history.js'

/** Seven digits are more than a screen shows, and a third of the bytes. */
const brief = (value: number): number | null => (Number.isFinite(value) ? Number(value.toPrecision(7)) : null)

export class Table implements History {
  readonly #capacity: number
  readonly #times: Column
  readonly #columns = new Map<string, Column>()

  /** `capacity`: rows that are kept, a power of two from 4096 on. */
  constructor(capacity: number) {
    this.#capacity = capacity
    this.#times = new Column(capacity)
  }

  /** A row; a time before the last row's counts as the last row's. */
  push(atMs: number, row: Readonly<Record<string, number>>): void {
    const end = this.#times.end
    const time = end === 0 ? atMs : Math.max(atMs, this.#times.at(end - 1))
    for (const name in row) {
      if (!this.#columns.has(name)) this.#columns.set(name, new Column(this.#capacity, end))
    }
    this.#times.push(time)
    for (const [name, column] of this.#columns) column.push(row[name] ?? Number.NaN)
  }

  list(): SeriesList {
    const { start, end } = this.#times
    return {
      series: [...this.#columns.keys()],
      firstMs: end > start ? this.#times.at(start) : null,
      lastMs: end > start ? this.#times.at(end - 1) : null,
      points: end - start,
    }
  }

  range({ series, fromMs, toMs, buckets }: RangeQuery): Range {
    const from = this.#indexAt(fromMs)
    const to = this.#indexAfter(toMs)
    const points = Math.max(0, to - from)
    const whole = points <= buckets
    const bucketMs = whole ? null : Math.max((toMs - fromMs) / buckets, Number.MIN_VALUE)
    const edges = whole ? undefined : this.#edges(from, to, fromMs, bucketMs as number, buckets)
    const starts = edges === undefined ? Array.from({ length: points }, (_, i) => from + i) : edges.slice(0, -1)
    const ends = edges === undefined ? starts.map((i) => i + 1) : edges.slice(1)
    const found: Record<string, Range['series'][string]> = {}
    const summary: Summary = { min: 0, max: 0, sum: 0, count: 0 }
    for (const name of series) {
      const column = this.#columns.get(name)
      if (column === undefined) continue
      const min: (number | null)[] = []
      const max: (number | null)[] = []
      const mean: (number | null)[] = []
      starts.forEach((start, i) => {
        column.summarise(start, ends[i] as number, summary)
        min.push(brief(summary.min))
        max.push(brief(summary.max))
        mean.push(brief(summary.sum / summary.count))
      })
      found[name] = { min, max, mean }
    }
    return {
      fromMs,
      toMs,
      points,
      resolution: whole ? 'points' : 'buckets',
      bucketMs,
      atMs: starts.map((i) => this.#times.at(i)),
      series: found,
    }
  }

  /** Indices where buckets that are not empty begin, and the end of the last one. */
  #edges(from: number, to: number, fromMs: number, bucketMs: number, buckets: number): number[] {
    const edges = [from]
    for (let b = 1; b < buckets; b++) {
      const edge = this.#indexAt(fromMs + b * bucketMs, edges.at(-1) as number)
      if (edge >= to) break
      if (edge > (edges.at(-1) as number)) edges.push(edge)
    }
    edges.push(to)
    return edges
  }

  /** The first row at or after a time. */
  #indexAt(atMs: number, low: number = this.#times.start): number {
    return this.#search(low, (time) => time >= atMs)
  }

  #indexAfter(atMs: number): number {
    return this.#search(this.#times.start, (time) => time > atMs)
  }

  #search(from: number, holds: (time: number) => boolean): number {
    let low = from
    let high = this.#times.end
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if (holds(this.#times.at(middle))) high = middle
      else low = middle + 1
    }
    return low
  }
}
