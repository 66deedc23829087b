/** Resamples of the bootstrap; the interval's ends then vary by about a hundredth of its width. */
const RESAMPLES = 4000

export function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/**
 * Ratio of two paired series, one of each per start of the services, with its 95 % interval. Within a start the mean of the
 * middle half of the pairs' ratios: the quarter on either side is left out, since another program's burst or a major
 * collection hits one block of a pair. Over starts the mean; the bootstrap draws starts and pairs within them, since a
 * process keeps for its life what its compiler and its memory happened to become, a per cent or two either way.
 */
export function interval(over, under) {
  const starts = over.map((values, k) => values.map((value, i) => Math.log(value / under[k][i])).sort((a, b) => a - b))
  let state = 1
  const below = (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 4294967296) * n)
  }
  const drawn = (pairs) => trimmed(Array.from(pairs, () => pairs[below(pairs.length)]).sort((a, b) => a - b))
  const estimates = Array.from({ length: RESAMPLES }, () =>
    mean(Array.from(starts, () => drawn(starts[below(starts.length)]))),
  ).sort((a, b) => a - b)
  return {
    ratio: Math.exp(mean(starts.map(trimmed))),
    low: Math.exp(estimates[Math.floor(RESAMPLES * 0.025)]),
    high: Math.exp(estimates[Math.floor(RESAMPLES * 0.975)]),
    pairs: starts.reduce((sum, pairs) => sum + pairs.length, 0),
  }
}

/** Mean of the middle half. */
function trimmed(sorted) {
  const cut = Math.floor(sorted.length * 0.25)
  return mean(sorted.slice(cut, sorted.length - cut))
}
