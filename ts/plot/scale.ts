/** Scales: where a number lies between two ends, on numbers as large and as small as they come. No answer is ever NaN. */

export interface Scale {
  readonly low: number
  readonly high: number
  readonly log: boolean
}

/** Both ends finite, `low <= high`; a log scale needs both above 0. */
export function scale(low: number, high: number, log = false): Scale {
  return { low, high, log: log && low > 0 }
}

/** Share of the way from the low to the high end, 0 to 1 and clamped; the middle where both ends are one. */
export function share({ low, high, log }: Scale, value: number): number {
  const place = log ? ratio(Math.log(Math.max(value, low)), Math.log(low), Math.log(high)) : ratio(value, low, high)
  return Math.min(1, Math.max(0, place))
}

/** Halves keep the difference of two huge numbers of either sign finite. */
function ratio(value: number, low: number, high: number): number {
  if (low === high) return 0.5
  const span = high - low
  return Number.isFinite(span) ? (value - low) / span : (value / 2 - low / 2) / (high / 2 - low / 2)
}

/** The ends a little further apart, so that no mark sits on the frame; a single value gets room on both sides. */
export function padded({ low, high, log }: Scale, by = 0.05): Scale {
  const max = Number.MAX_VALUE
  if (log) {
    const room = low === high ? Math.LN10 / 2 : Math.max((Math.log(high) - Math.log(low)) * by, 1e-9)
    return scale(Math.max(Number.MIN_VALUE, low * Math.exp(-room)), Math.min(max, high * Math.exp(room)), true)
  }
  const room = low === high ? Math.abs(low) * 0.1 || 1 : Math.max(high / 2 - low / 2, Number.MIN_VALUE) * 2 * by
  return scale(Math.max(-max, low - Math.min(room, max)), Math.min(max, high + Math.min(room, max)))
}

/** Values of marks on the scale, `most` at the most (at least 2), all within both ends. */
export function ticks(of: Scale, most: number): number[] {
  const found = of.log ? decades(of, most) : []
  // A log scale over less than a decade holds few round powers; even steps serve it better.
  const list = found.length >= 2 ? found : even(of.low, of.high, most)
  return list.length >= 2 || of.low === of.high ? list : [of.low, of.high]
}

function even(low: number, high: number, most: number): number[] {
  if (low === high) return [low]
  for (const room of [most, most - 1, most - 2]) {
    const step = niceStep(high / Math.max(1, room) - low / Math.max(1, room))
    const [first, last] = [Math.ceil(low / step), Math.floor(high / step)]
    if (!(step > 0) || !Number.isFinite(first) || !Number.isFinite(last) || last - first > 1000) return []
    if (last - first < most) {
      const list = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => round((first + i) * step, step))
      return list.filter((value) => value >= low && value <= high)
    }
  }
  return []
}

/** The next of 1, 2, 2.5 and 5 times a power of ten. */
function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough))
  const factor = [1, 2, 2.5, 5].find((nice) => nice * power >= rough * 0.999) ?? 10
  return factor * power
}

/** Takes the last bits' noise out of a multiple of `step`. */
function round(value: number, step: number): number {
  const digits = Math.ceil(Math.log10(Math.abs(value / step) || 1)) + 3
  return Number(value.toPrecision(Math.min(17, Math.max(1, digits))))
}

function decades({ low, high }: Scale, most: number): number[] {
  const [from, to] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)]
  const powers = (multiples: number[], stride = 1): number[] => {
    const list: number[] = []
    for (let power = from - 1; power <= to; power++) {
      if (power % stride === 0) list.push(...multiples.map((multiple) => Number(`${multiple}e${power}`)))
    }
    return list.filter((value) => value >= low && value <= high)
  }
  for (const multiples of [
    [1, 2, 5],
    [1, 3],
  ]) {
    const list = powers(multiples)
    if (list.length <= most) return list
  }
  for (let stride = 1; stride < 700; stride++) {
    const list = powers([1], stride)
    if (list.length <= most) return list
  }
  return []
}
