/** Resamples of the bootstrap; the interval's ends then vary by about a hundredth of its width. */
const RESAMPLES = 4000

export function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/**
 * Ratio of two paired series with its 95 % interval: a bootstrap over pairs of the mean of the middle half of their ratios.
 * The quarter on either side is left out, since another program's burst or a major collection hits one block of a pair.
 */
export function interval(over, under) {
  const pairs = over.map((value, i) => Math.log(value / under[i])).sort((a, b) => a - b)
  let state = 1
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 4294967296
  }
  const estimates = Array.from({ length: RESAMPLES }, () =>
    trimmed(Array.from(pairs, () => pairs[Math.floor(uniform() * pairs.length)]).sort((a, b) => a - b)),
  ).sort((a, b) => a - b)
  return {
    ratio: Math.exp(trimmed(pairs)),
    low: Math.exp(estimates[Math.floor(RESAMPLES * 0.025)]),
    high: Math.exp(estimates[Math.floor(RESAMPLES * 0.975)]),
    pairs: pairs.length,
  }
}

/** Mean of the middle half. */
function trimmed(sorted) {
  const cut = Math.floor(sorted.length * 0.25)
  return mean(sorted.slice(cut, sorted.length - cut))
}
