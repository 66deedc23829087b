/**
 * One series in memory, with the least, the greatest and the sum of every 16, 256, … values beside it, so that a million points
 * become a thousand buckets by looking at some tens of thousands of numbers.
 *
 * A ring: value `i` stands at `i mod capacity`, and so do the summaries of whole blocks. A block is used only where it lies within
 * what is asked for, hence within what is still there. NaN is "nothing known" and is in no summary.
 */
const SHIFT = 4
const FAN = 1 << SHIFT

interface Level {
  min: Float64Array
  max: Float64Array
  sum: Float64Array
  count: Uint32Array
}

export interface Summary {
  min: number
  max: number
  sum: number
  count: number
}

const level = (blocks: number): Level => ({
  min: new Float64Array(blocks).fill(Number.POSITIVE_INFINITY),
  max: new Float64Array(blocks).fill(Number.NEGATIVE_INFINITY),
  sum: new Float64Array(blocks),
  count: new Uint32Array(blocks),
})

function empty({ min, max, sum, count }: Level, block: number): void {
  min[block] = Number.POSITIVE_INFINITY
  max[block] = Number.NEGATIVE_INFINITY
  sum[block] = 0
  count[block] = 0
}

function add(into: Level, block: number, low: number, high: number, total: number, n: number): void {
  const { min, max, sum, count } = into
  if (low < (min[block] as number)) min[block] = low
  if (high > (max[block] as number)) max[block] = high
  sum[block] = (sum[block] as number) + total
  count[block] = (count[block] as number) + n
}

export class Column {
  #capacity: number
  readonly #capacityMax: number
  #values: Float64Array
  #levels: Level[]
  #end = 0

  /** `capacityMax`: a power of 16 or of 2, from 4096 on. Memory grows with what is held. */
  constructor(capacityMax: number, first = 0) {
    this.#capacityMax = capacityMax
    this.#capacity = Math.min(capacityMax, 4096)
    this.#values = new Float64Array(this.#capacity).fill(Number.NaN)
    this.#levels = levelsOf(this.#capacity)
    for (let i = 0; i < first; i++) this.push(Number.NaN)
  }

  /** Values so far, those that gave way included. */
  get end(): number {
    return this.#end
  }

  /** The first value that is still there. */
  get start(): number {
    return Math.max(0, this.#end - this.#capacity)
  }

  at(i: number): number {
    return this.#values[i % this.#capacity] as number
  }

  push(value: number): void {
    if (this.#end === this.#capacity && this.#capacity < this.#capacityMax) this.#grow()
    this.#write(this.#end++, value)
  }

  /** A value goes into its block of 16; a block that is whole goes into the one above it, which nobody looks at before it is whole. */
  #write(i: number, value: number): void {
    this.#values[i % this.#capacity] = value
    const [first] = this.#levels
    if (first === undefined) return
    const block = Math.floor(i / FAN) % first.min.length
    if (i % FAN === 0) empty(first, block)
    if (Number.isFinite(value)) add(first, block, value, value, value, 1)
    for (let l = 1, size = FAN; l < this.#levels.length && (i + 1) % size === 0; l++, size *= FAN)
      this.#fold(l, Math.floor(i / size))
  }

  #fold(l: number, child: number): void {
    const below = this.#levels[l - 1] as Level
    const above = this.#levels[l] as Level
    const from = child % below.min.length
    const block = Math.floor(child / FAN) % above.min.length
    if (child % FAN === 0) empty(above, block)
    const { min, max, sum, count } = below
    add(above, block, min[from] as number, max[from] as number, sum[from] as number, count[from] as number)
  }

  /** Before the ring has turned for the first time, so that every place stays what it was. */
  #grow(): void {
    const values = this.#values
    this.#capacity = Math.min(this.#capacity * 4, this.#capacityMax)
    this.#values = new Float64Array(this.#capacity).fill(Number.NaN)
    this.#levels = levelsOf(this.#capacity)
    for (let i = 0; i < this.#end; i++) this.#write(i, values[i] as number)
  }

  /** What lies in `[from, to)`; no values: count 0. */
  summarise(from: number, to: number, into: Summary): void {
    into.min = Number.POSITIVE_INFINITY
    into.max = Number.NEGATIVE_INFINITY
    into.sum = 0
    into.count = 0
    let i = Math.max(from, this.start)
    const end = Math.min(to, this.#end)
    while (i < end) {
      let l = 0
      let size = 1
      while (l < this.#levels.length && i % (size * FAN) === 0 && i + size * FAN <= end) {
        size *= FAN
        l++
      }
      if (l === 0) this.#addValue(i, into)
      else this.#addBlock(l - 1, Math.floor(i / size), into)
      i += size
    }
  }

  #addValue(i: number, into: Summary): void {
    const value = this.at(i)
    if (!Number.isFinite(value)) return
    if (value < into.min) into.min = value
    if (value > into.max) into.max = value
    into.sum += value
    into.count++
  }

  #addBlock(l: number, index: number, into: Summary): void {
    const { min, max, sum, count } = this.#levels[l] as Level
    const block = index % min.length
    if ((min[block] as number) < into.min) into.min = min[block] as number
    if ((max[block] as number) > into.max) into.max = max[block] as number
    into.sum += sum[block] as number
    into.count += count[block] as number
  }
}

function levelsOf(capacity: number): Level[] {
  const levels: Level[] = []
  for (let blocks = capacity / FAN; blocks >= 1 && Number.isInteger(blocks); blocks /= FAN) levels.push(level(blocks))
  return levels
}
