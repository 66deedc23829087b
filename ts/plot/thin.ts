/** Which trials to draw where there are too many. Deterministic: the same study, the same picture. */
import type { Study, Valued } from './study.js'

/** Of every run of trials in a history this many: the best one, and the others evenly placed. */
const OF_RUN = 4

/** Keeps the edge where the best values are, and the density behind it. `keep` are drawn in any case. In the order given. */
export function outline(
  study: Study,
  points: readonly Valued[],
  most: number,
  keep: ReadonlySet<number>,
): readonly Valued[] {
  if (points.length <= most) return points
  const kept = new Set(points.filter(({ index }) => keep.has(index)))
  const runs = Math.max(1, Math.floor((most - kept.size) / OF_RUN))
  const start = (run: number) => Math.floor((run * points.length) / runs)
  for (let run = 0; run < runs; run++) {
    const part = points.slice(start(run), start(run + 1))
    for (let i = 0; i < OF_RUN - 1; i++) {
      const point = part[Math.floor(((i + 0.5) * part.length) / (OF_RUN - 1))]
      if (point) kept.add(point)
    }
    if (part.length > 0) kept.add(part.reduce((a, b) => (study.better(b.value, a.value) ? b : a)))
  }
  return points.filter((point) => kept.has(point))
}

/** At most `most` members, evenly spread, the first and the last among them. */
export function spread<P>(points: readonly P[], most: number): readonly P[] {
  if (points.length <= most) return points
  const step = (points.length - 1) / Math.max(1, most - 1)
  return Array.from({ length: most }, (_, i) => points[Math.round(i * step)] as P)
}

export interface Sample {
  /** In the order of trials. */
  readonly shown: readonly Valued[]
  /** How it was chosen, for the reader; empty where all are shown. */
  readonly note: string
}

/** Half the best complete trials, half an even spread of the others over time. */
export function sample(study: Study, most: number): Sample {
  const { complete, better } = study
  if (complete.length <= most) return { shown: complete, note: '' }
  const ranked = [...complete].sort((a, b) =>
    better(a.value, b.value) ? -1 : better(b.value, a.value) ? 1 : a.index - b.index,
  )
  const top = Math.ceil(most / 2)
  const kept = new Set<Valued>(ranked.slice(0, top))
  const best = complete.find(({ index }) => index === study.best?.point.index)
  if (best) kept.add(best)
  const others = complete.filter((point) => !kept.has(point))
  for (const point of spread(others, most - kept.size)) kept.add(point)
  const shown = complete.filter((point) => kept.has(point))
  return {
    shown,
    note: `${shown.length} of ${complete.length} complete trials: the best ${top}, the others evenly thinned`,
  }
}
