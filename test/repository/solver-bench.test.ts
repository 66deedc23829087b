/** The solver's bench: its verdicts are right, and what it has stored is whole. Measuring is `npm run bench -- solver`. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

interface Verdict {
  readonly what: string
  readonly found: string
  readonly verdict: 'kept' | 'noise' | 'MISSED'
}
interface Row {
  readonly contender: string
  readonly score: Record<string, number | null>
  readonly instances: Record<string, Record<string, number | null>>
}
type Lead = { mean: number; error: number; instances: number } | undefined
interface Targets {
  onShares(table: { suite: string; dimension: number; rows: Row[] }): Verdict[]
  lead(peer: Row, ours: Row, checkpoint: string): Lead
  onMixed(rows: object[]): Verdict[]
  onOverhead(rows: object[]): Verdict[]
  onInteractive(found: object): Verdict[]
  onClassifier(found: object): Verdict[]
  printVerdicts(verdicts: Verdict[], print: (line: string) => void): boolean
}
const folder = new URL('../../bench/solver/', import.meta.url)
const targets: Targets = await import(new URL('targets.mjs', folder).href)

/** A row whose share at the checkpoint is given by instance, from 6 up. */
function row(contender: string, checkpoint: string, shares: (number | null)[]): Row {
  const known = shares.filter((share) => share !== null)
  const mean = known.reduce((sum, share) => sum + share, 0) / known.length
  const instances = shares.map((share, i) => [String(6 + i), { [checkpoint]: share }])
  return { contender, score: { [checkpoint]: mean }, instances: Object.fromEntries(instances) }
}
const said = (verdicts: Verdict[]): string[] => verdicts.map(({ verdict }) => verdict)

describe('shares', () => {
  const judge = (ours: number, ...peers: Row[]): string[] =>
    said(targets.onShares({ suite: 'bbob', dimension: 2, rows: [row('homeostat', '50D', [ours, ours]), ...peers] }))

  test('a floor is kept, short by noise, or missed', () => {
    expect(judge(0.545)).toEqual(['kept'])
    expect(judge(0.54)).toEqual(['noise'])
    expect(judge(0.525)).toEqual(['MISSED'])
  })

  test('a peer that is ahead on every instance is a miss', () => {
    expect(judge(0.6, row('peer', '50D', [0.59, 0.58]))).toEqual(['kept', 'kept'])
    expect(judge(0.6, row('peer', '50D', [0.62, 0.63]))).toEqual(['kept', 'MISSED'])
    expect(judge(0.6, row('peer', '50D', [0.8, 0.45]))).toEqual(['kept', 'noise'])
  })

  test('a peer is compared on the instances that it was run on', () => {
    const ours = row('homeostat', '50D', [0.2, 0.4, 0.9])
    const lead = targets.lead(row('peer', '50D', [0.3, 0.4, null]), ours, '50D')
    expect(lead?.instances).toBe(2)
    expect(lead?.mean).toBeCloseTo(0.05, 12)
    // Differences .1 and 0: a standard deviation of .0707, over the root of two.
    expect(lead?.error).toBeCloseTo(0.05, 12)
    expect(targets.lead(row('peer', '50D', [null, null, null]), ours, '50D')).toBeUndefined()
  })

  test('what a run with recommended points scores is no peer, and no table without ours is judged', () => {
    expect(judge(0.6, row('homeostat (recommended)', '50D', [0.7, 0.7]))).toEqual(['kept'])
    expect(targets.onShares({ suite: 'bbob', dimension: 2, rows: [row('random', '50D', [0.1])] })).toEqual([])
  })
})

test('the other promises are kept or missed', () => {
  const ranks = (own: number): object[] => [
    { group: 'all', evaluations: 50, problems: 2, homeostat: 9, 'optuna5-tpe': 1 },
    { group: 'all', evaluations: 100, problems: 2, homeostat: own, 'optuna5-tpe': 2 },
  ]
  expect(said(targets.onMixed(ranks(1.9)))).toEqual(['kept'])
  expect(said(targets.onMixed(ranks(2)))).toEqual(['MISSED'])

  const study = {
    layer: 'core',
    objective: 'valley',
    strategy: 'auto',
    tenths_us: [9, 10, 10, 10, 10, 10, 10, 10, 10, 14],
  }
  const overhead = (more: object): string[] => said(targets.onOverhead([{ ...study, ...more }]))
  expect(overhead({ dimensions: 5, trials: 10_100, mean_us: 49 })).toEqual(['kept', 'kept'])
  expect(overhead({ dimensions: 5, trials: 1000, mean_us: 51 })).toEqual(['MISSED'])
  expect(overhead({ dimensions: 40, trials: 10_100, mean_us: 1999, tenths_us: [1, 1, 1.6] })).toEqual([
    'kept',
    'MISSED',
  ])
  expect(overhead({ dimensions: 40, trials: 1000, mean_us: 1501, strategy: 'tpe' })).toEqual(['MISSED'])
  expect(overhead({ dimensions: 40, trials: 10_100, mean_us: 9e9, strategy: 'random' })).toEqual([])

  const driven = (name: string, ratio: number, received: number, stray: number): string[] =>
    said(targets.onInteractive({ results: [{ name, ratio_to_echo: ratio, sent: 9, received, stray_bytes: stray }] }))
  expect(driven('in memory', 5, 9, 0)).toEqual(['kept', 'kept', 'kept'])
  expect(driven('in memory', 5.1, 8, 1)).toEqual(['MISSED', 'MISSED', 'MISSED'])
  expect(driven('in a file, durable', 50, 9, 0)).toEqual(['kept', 'kept'])
  expect(driven('echo (cat)', 50, 8, 1)).toEqual([])

  const verdicts = { accuracy: 0.85, landscapes: 52, calibrationError: 0.1, calibrationMost: 0.1 }
  expect(said(targets.onClassifier(verdicts))).toEqual(['kept', 'kept'])
  expect(said(targets.onClassifier({ ...verdicts, accuracy: 0.84, calibrationError: 0.11 }))).toEqual([
    'MISSED',
    'MISSED',
  ])
})

test('one miss is enough to fail', () => {
  const lines: string[] = []
  const one = (verdict: Verdict['verdict']): Verdict & { wanted: string; note: string } => ({
    what: 'a',
    found: '1',
    wanted: '2',
    verdict,
    note: '',
  })
  const print = (line: string): unknown => lines.push(line)
  expect(targets.printVerdicts([one('kept'), one('noise')], print)).toBe(true)
  expect(targets.printVerdicts([one('kept'), one('MISSED')], print)).toBe(false)
  expect(lines.at(-1)).toBe('1 kept, 0 by noise, 1 missed')
})

const stored = new URL('stored/', folder)
const files = readdirSync(stored).filter((name) => /^(bbob|noisy)-/.test(name))

test.each(files)('%s: runs with as many targets as there are, more with more evaluations', (name) => {
  const text = readFileSync(fileURLToPath(new URL(name, stored)), 'utf8')
  const [about, ...runs] = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const contender = about.contender.replace(/[()]/g, '').replaceAll(' ', '-')
  expect(name).toBe(`${about.suite}-${about.dimension}d-${about.multiple}-${contender}.jsonl`)
  expect(about.versions).toHaveProperty('coco-experiment')
  const checkpoints = [5, 10, 20, 50, 100, 200, 500].filter((multiple) => multiple <= about.multiple)
  expect(runs.length).toBeGreaterThan(0)
  const wrong = (runs as [string, [number[], number]][]).filter(([key, [hits, ms]]) => {
    const counts = hits.every((count) => Number.isInteger(count) && count >= 0 && count <= 51)
    // Under noise the point that looks best may be worse than the one that looked best before.
    const grows = about.suite !== 'bbob' || hits.every((count, i) => count >= (hits[i - 1] ?? 0))
    return !(/^f\d+i\d+$/.test(key) && hits.length === checkpoints.length && counts && grows && ms > 0)
  })
  expect(wrong).toEqual([])
})
