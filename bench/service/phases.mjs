import { readFileSync } from 'node:fs'

const scenario = JSON.parse(readFileSync(new URL('../../fixtures/scenario.json', import.meta.url), 'utf8'))

/** The scenario's phases with the second at which each begins and ends in a run of this length. */
export function phasesOf(seconds) {
  let from = 0
  return scenario.phases.map(({ name, share }) => {
    const phase = { name, share, from, to: from + share * seconds }
    from = phase.to
    return phase
  })
}

/** Mean cost of one instance in every phase. */
export function byPhase(perSecond, instance, seconds) {
  return phasesOf(seconds).map(({ from, to }) => {
    const costs = perSecond.filter((_, i) => i >= from && i < to).map((second) => second[instance].cost)
    return mean(costs)
  })
}

/** Share of windows of `length` seconds in which `tuned` cost more than 10 % more than `fixed`. */
export function worseShare(perSecond, fixed, tuned, length = 1) {
  const windows = Array.from({ length: Math.floor(perSecond.length / length) }, (_, i) =>
    perSecond.slice(i * length, (i + 1) * length),
  )
  const cost = (window, instance) => mean(window.map((second) => second[instance].cost))
  return windows.filter((window) => cost(window, tuned) > 1.1 * cost(window, fixed)).length / windows.length
}

export function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
