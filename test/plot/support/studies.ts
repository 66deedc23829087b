/** Studies to draw: a search that a simple optimiser would make, seeded, so that every picture of them is always the same. */
import type { StudyData, StudyKnob, StudyTrial } from '../../../ts/plot/index.js'

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

export const SERVICE_KNOBS: readonly StudyKnob[] = [
  { name: 'cache_ttl', kind: 'duration', scale: 'log', min: 1000, max: 3_600_000 },
  { name: 'pool_size', kind: 'integer', min: 1, max: 64 },
  { name: 'batch_bytes', kind: 'bytes', scale: 'log', min: 4096, max: 2 ** 24 },
  { name: 'policy', kind: 'choice', choices: ['lru', 'lfu', 'fifo', 'adaptive-replacement'] },
  { name: 'compress', kind: 'boolean' },
  { name: 'phase', kind: 'number', scale: 'periodic', min: 0, max: 360, unit: '°' },
  { name: 'jitter', kind: 'number', min: -1, max: 1 },
]

const between = (knob: StudyKnob, unit: number): number => {
  const { min = 0, max = 1 } = knob
  return knob.scale === 'log' ? min * (max / min) ** unit : min + (max - min) * unit
}

/** A value of a knob from its share of the range. */
export function valueAt(knob: StudyKnob, unit: number): unknown {
  if (knob.kind === 'boolean') return unit >= 0.5
  if (knob.kind === 'choice')
    return knob.choices?.[Math.min(knob.choices.length - 1, Math.floor(unit * knob.choices.length))]
  const value = between(knob, unit)
  return knob.kind === 'integer' || knob.kind === 'bytes' ? Math.round(value) : value
}

export interface SearchOptions {
  readonly trials: number
  readonly seed?: number
  readonly knobs?: readonly StudyKnob[]
  readonly direction?: 'minimize' | 'maximize'
  /** Shares of trials. */
  readonly failed?: number
  readonly pruned?: number
  readonly infeasible?: number
  readonly open?: number
  readonly added?: number
  /** From the distance to the optimum to the objective. */
  readonly objective?: (distance: number, noise: number) => number
}

/** Half exploration, half steps from the best so far; the optimum lies at 0.3 of every knob's range. */
export function search(options: SearchOptions): StudyData {
  const {
    trials: n,
    seed = 1,
    knobs = SERVICE_KNOBS,
    direction = 'minimize',
    objective = (d, e) => 20 + 80 * d + 2 * e,
  } = options
  const next = random(seed)
  const weights = knobs.map((_, i) => 1 / (i + 1) ** 1.5)
  const total = weights.reduce((a, b) => a + b, 0)
  let best: { units: number[]; trial: number; value: number } | undefined
  const trials: StudyTrial[] = []
  for (let trial = 0; trial < n; trial++) {
    const from = best && next() < 0.3 + (0.6 * trial) / n ? best.units : undefined
    const units = knobs.map((_, i) => {
      const own = from?.[i]
      return own === undefined ? next() : Math.min(1, Math.max(0, own + (next() - 0.5) * 0.4 * (1 - trial / n)))
    })
    const distance = Math.sqrt(
      units.reduce((sum, unit, i) => sum + ((weights[i] as number) * (unit - 0.3) ** 2) / total, 0),
    )
    const value = objective(distance, next() - 0.5)
    const params = Object.fromEntries(knobs.map((knob, i) => [knob.name, valueAt(knob, units[i] as number)]))
    const fate = next()
    const { failed = 0, pruned = 0, infeasible = 0, open = 0, added = 0 } = options
    if (fate < failed) {
      trials.push({
        trial,
        state: 'failed',
        params,
        reason: next() < 0.7 ? 'exit code 137 (out of memory)' : 'timeout after 30 s',
      })
    } else if (fate < failed + pruned) {
      trials.push({ trial, state: 'pruned', params, ...(next() < 0.8 ? { value: value * 1.1 } : {}) })
    } else if (trial >= n * (1 - open)) {
      trials.push({ trial, state: 'open', params })
    } else {
      const bad = fate > 1 - infeasible
      const margin = infeasible > 0 ? { margin: (bad ? -1 : 1) * next() } : {}
      trials.push({ trial, state: 'complete', params, value, ...margin, ...(trial < n * added ? { added: true } : {}) })
      if (!bad && (!best || (direction === 'minimize' ? value < best.value : value > best.value)))
        best = { units, trial, value }
    }
  }
  const importance = Object.fromEntries(knobs.map(({ name }, i) => [name, (weights[i] as number) / total]))
  return {
    name: 'checkout service',
    direction,
    knobs,
    trials,
    importance,
    ...(best ? { best: { trial: best.trial, value: best.value } } : {}),
  }
}

/** As many knobs as asked for, of all kinds in turn. */
export function manyKnobs(count: number): StudyKnob[] {
  return Array.from({ length: count }, (_, i) => ({
    ...(SERVICE_KNOBS[i % SERVICE_KNOBS.length] as StudyKnob),
    name: `stage_${Math.floor(i / 7)}_${SERVICE_KNOBS[i % 7]?.name}`,
  }))
}

const NUMBERS: readonly StudyKnob[] = [{ name: 'x', min: -5, max: 5 }]

/** What people have, and what breaks pictures. */
export const STUDIES = {
  service: () => search({ trials: 200, failed: 0.04, pruned: 0.06, infeasible: 0.05, open: 0.02, added: 0.03 }),
  'log values': () => search({ trials: 150, objective: (d) => 1e-4 + 100 * d ** 6 }),
  'negative values': () => search({ trials: 150, objective: (d, e) => -50 + 120 * d + 3 * e, failed: 0.02 }),
  'a few huge values': () => search({ trials: 150, objective: (d, e) => (d > 0.55 ? 1e9 * d : -3 + 8 * d + e / 5) }),
  maximize: () => search({ trials: 120, direction: 'maximize', objective: (d, e) => 0.97 - d ** 2 + e / 50 }),
  'one knob': () => search({ trials: 40, knobs: NUMBERS, objective: (d) => d * d * 100 + 0.01 }),
  'one trial': () => search({ trials: 1, knobs: NUMBERS }),
  'no trials': (): StudyData => ({ direction: 'minimize', knobs: SERVICE_KNOBS, trials: [] }),
  'nothing complete': () => search({ trials: 30, failed: 0.9, pruned: 0.1 }),
  constant: () => search({ trials: 50, objective: () => 7 }),
  'forty knobs': () => search({ trials: 400, knobs: manyKnobs(40), failed: 0.02 }),
  'ten thousand trials': () => search({ trials: 10_000, failed: 0.05, pruned: 0.05, infeasible: 0.03 }),
  'long names': () =>
    search({
      trials: 80,
      knobs: [
        { name: 'a_very_long_knob_name_that_no_axis_can_hold_in_full', min: 0, max: 1 },
        {
          name: 'model',
          kind: 'choice',
          choices: ['gradient-boosted-trees', 'random-forest-with-extra-trees', 'k-nearest', 'ridge', '日本語の選択肢'],
        },
        { name: 'level', kind: 'choice', choices: Array.from({ length: 40 }, (_, i) => `level-${i}`) },
        { name: 'eps', scale: 'log', min: 1e-12, max: 1e3 },
      ],
    }),
} satisfies Record<string, () => StudyData>
