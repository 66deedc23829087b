/**
 * Points thinned out to one column per pixel, with the least and the greatest value of each: whatever is drawn costs as much as the
 * picture is wide, and no spike is lost.
 */

/** Rows at rising times; NaN is "nothing known". A single point has min, max and mean in one. */
export interface Rows {
  readonly at: Float64Array
  readonly min: Float64Array
  readonly max: Float64Array
  readonly mean: Float64Array
}

export interface Columns {
  /** Place in pixels. */
  readonly x: Float64Array
  readonly min: Float64Array
  readonly max: Float64Array
  readonly mean: Float64Array
  readonly n: number
}

/** The first index whose time is at or after `atMs`. */
export function indexAt(at: Float64Array, atMs: number): number {
  let low = 0
  let high = at.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((at[middle] as number) >= atMs) high = middle
    else low = middle + 1
  }
  return low
}

/**
 * What lies within `[fromMs, toMs]`, and one point to either side so that lines run to the edges. At most `width + 2` columns; where
 * there are fewer points than pixels, each keeps its own place.
 */
export function decimate({ at, min, max, mean }: Rows, fromMs: number, toMs: number, width: number): Columns {
  const first = Math.max(0, indexAt(at, fromMs) - 1)
  const last = Math.min(at.length, indexAt(at, toMs) + 1)
  const room = Math.min(Math.max(0, last - first), Math.floor(width) + 3)
  const out = {
    x: new Float64Array(room),
    min: new Float64Array(room),
    max: new Float64Array(room),
    mean: new Float64Array(room),
  }
  const place = (i: number): number => ((at[i] as number) - fromMs) * (width / (toMs - fromMs))
  const apart = last - first <= width
  let n = 0
  for (let i = first; i < last; n++) {
    const column = Math.floor(Math.min(width + 1, Math.max(-1, place(i))))
    let [low, high, sum, count] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0]
    const start = i
    do {
      const value = mean[i] as number
      if (!Number.isNaN(value)) {
        low = Math.min(low, min[i] as number)
        high = Math.max(high, max[i] as number)
        sum += value
        count++
      }
      i++
    } while (!apart && i < last && Math.floor(Math.min(width + 1, Math.max(-1, place(i)))) === column)
    out.x[n] = apart ? place(start) : column
    out.min[n] = count === 0 ? Number.NaN : low
    out.max[n] = count === 0 ? Number.NaN : high
    out.mean[n] = count === 0 ? Number.NaN : sum / count
  }
  return { ...out, n }
}

/** Ends of what is known between two times; undefined where nothing is. */
export function extent(
  { at, min, max }: Rows,
  fromMs: number,
  toMs: number,
): { low: number; high: number } | undefined {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  const end = Math.min(at.length, indexAt(at, toMs) + 1)
  for (let i = Math.max(0, indexAt(at, fromMs) - 1); i < end; i++) {
    if ((min[i] as number) < low) low = min[i] as number
    if ((max[i] as number) > high) high = max[i] as number
  }
  return low <= high ? { low, high } : undefined
}

/** The row nearest to a time; -1 where there is none. */
export function nearest(at: Float64Array, atMs: number): number {
  const i = indexAt(at, atMs)
  if (i === 0) return at.length === 0 ? -1 : 0
  if (i === at.length) return at.length - 1
  return atMs - (at[i - 1] as number) <= (at[i] as number) - atMs ? i - 1 : i
}
