/** What a terminal may have seen of a server: fixed, so that frames can be compared letter by letter. */

import type { Seen } from '../../../ts/cli/tui/watch.js'
import type { Change, KnobState, State, TunerState, WitnessState } from '../../../ts/server/api/state.js'
import type { Range } from '../../../ts/server/history/history.js'
import { bandOf, unitOf } from '../../../ts/tuner/scale.js'

/** 2026-03-01 12:00:00 UTC. */
export const NOW = 1_772_366_400_000

const knob = (more: Pick<KnobState, 'name' | 'kind' | 'min' | 'max' | 'value'> & Partial<KnobState>): KnobState => {
  const whole = {
    scale: 'log' as const,
    initial: more.min,
    baseline: more.value,
    certified: null,
    frozen: false,
    learn: 'probe' as const,
    ...more,
  }
  return { ...whole, unit: unitOf(whole, whole.value), band: bandOf(whole, whole.baseline, 0.1) }
}

export const KNOBS: readonly KnobState[] = [
  knob({ name: 'ttl', kind: 'duration', min: 30_000, max: 900_000, value: 80_000, certified: 90_000 }),
  knob({ name: 'concurrency', kind: 'integer', min: 4, max: 256, value: 60, frozen: true }),
  knob({ name: 'a knob whose name is rather long 漢字', kind: 'bytes', min: 1024, max: 2 ** 30, value: 65_536 }),
  knob({ name: 'compress', kind: 'boolean', min: 0, max: 1, value: 1, scale: 'linear', certified: 1 }),
]

export const tuner = (more: Partial<TunerState> = {}): TunerState => ({
  name: 'catalog',
  source: 'live',
  runId: 'run-1',
  revision: '0123456789abcdef',
  generation: 1234,
  mode: 'auto',
  control: 'on',
  safeMode: null,
  safeModeEntries: 0,
  failure: null,
  changedAtMs: NOW - 4000,
  windows: 1200,
  validWindows: 1190,
  regressions: 0,
  window: {
    atMs: NOW - 250,
    validity: 'valid',
    samples: 240,
    objective: 3.5,
    latencyP99Us: 15_200,
    throughputRps: 961.4,
    constraintMargin: 0.12,
  },
  objective: { last: 3.5, mean: 3.52, low: 3.48, high: 3.56, windows: 120 },
  guardrails: { preset: 'balanced', max_delta: 0.1 },
  knobs: [...KNOBS],
  journal: { queued: 0, dropped: 0, lost: 0, failure: null },
  counters: {},
  ...more,
})

const change = (seq: number, more: Partial<Change>): Change => ({
  tuner: 'catalog',
  seq,
  runId: 'run-1',
  type: 'applied',
  atMs: NOW - (100 - seq) * 1000,
  generation: seq,
  proposalId: seq,
  kind: null,
  knobs: [],
  standing: null,
  evidence: {},
  ...more,
})

export const CHANGES: readonly Change[] = [
  change(99, {
    kind: 'move',
    standing: 'live',
    knobs: [{ name: 'ttl', from: 90_000, to: 80_000 }],
    evidence: { kind: 'move', evidence: { ttl: { gradient: 0.0918, error: 0.01 }, noise: 0.0035 } },
  }),
  change(90, { type: 'certified' }),
  change(80, {
    type: 'rolledBack',
    kind: 'rollback',
    knobs: [{ name: 'concurrency', from: 80, to: 60 }],
    standing: 'superseded',
  }),
  change(70, { type: 'rejected', kind: 'move', evidence: { verdict: 'rate-limit-exceeded' } }),
  change(60, { type: 'safeMode', evidence: { reason: 'thrashing' } }),
  change(0, { type: 'started', evidence: { mode: 'auto' } }),
]

const component = (
  name: string,
  state: 'closed' | 'open',
): NonNullable<State['reflex']>['componentStates'][number] => ({
  component: name,
  health: state === 'open' ? 'open' : 'healthy',
  calls: 31_716,
  errors: 12,
  recentCalls: 476,
  recentErrorRate: state === 'open' ? 1 : 0.002,
  p99Us: 1300,
  queueDepth: 0,
  lastError: state === 'open' ? 'timeout' : '',
  breaker: {
    state,
    calls: 100,
    failures: 3,
    slow: 0,
    failureRate: 0.03,
    slowRate: 0,
    inFlight: 2,
    retryAfterUs: 2_000_000,
    opened: 1,
    refused: 17,
    expired: 0,
  },
})

export const WITNESS: WitnessState = {
  witness: 1,
  atMs: NOW - 60_000,
  trigger: 'checkout',
  rootCause: 'database',
  components: 4,
  affectedCount: 3,
  affected: [],
  chain: [
    { component: 'checkout', atMs: NOW - 60_000, blames: 'database' },
    { component: 'database', atMs: NOW - 62_000 },
  ],
  decision: 'open-and-shed',
  opened: ['database'],
  shedFromTier: 3,
  joined: 0,
  recoveredAtMs: NOW - 30_000,
  words: 'database failed first and took checkout with it',
}

export const state = (more: Partial<State> = {}): State => ({
  atMs: NOW,
  tuners: [tuner()],
  reflex: {
    state: 'degraded',
    components: 2,
    openBreakers: 1,
    patternsLearned: 3,
    violations: 0,
    cascades: 1,
    ongoingWitness: null,
    shedFromTier: 5,
    inFlight: 2,
    events: 100,
    dropped: {},
    componentStates: [component('database', 'open'), component('mail', 'closed')],
  },
  queues: [{ name: 'mail', waiting: 9, byTier: [0, 1, 8, 0, 0], running: 2, refused: 1, capacity: 0.8 }],
  sections: {
    kernels: [
      { kernel: 'matmul 512', lifecycle: 'active', tags: ['portable', 'fast'], speedup: 3.2 },
      { kernel: 'softmax', lifecycle: 'candidate', tags: [], speedup: 0.9 },
    ],
    comparison: {
      panel: {
        figures: [{ label: 'orders', value: 12, note: 'today', tone: 'good' }],
        charts: [{ title: 'rate', lines: [{ name: 'now', values: [1, 2, 4, 8] }] }],
      },
    },
  },
  operations: { lastSeq: 0, journalFailure: null },
  ...more,
})

/** Five minutes of an objective that falls and knobs that move in steps. */
export function history(): Range {
  const count = 100
  const fromMs = NOW - 300_000
  const series = (at: (i: number) => number, wide = 0) => {
    const mean = Array.from({ length: count }, (_, i) => at(i))
    return { min: mean.map((one) => one - wide), max: mean.map((one) => one + wide), mean }
  }
  return {
    fromMs,
    toMs: NOW,
    points: 1200,
    resolution: 'buckets',
    bucketMs: 3000,
    atMs: Array.from({ length: count }, (_, i) => fromMs + i * 3000),
    series: {
      objective: series((i) => 6 - i / 40, 0.1),
      'knob.ttl': series((i) => 300_000 - 44_000 * Math.floor(i / 20), 2000),
      'baseline.ttl': series((i) => 300_000 - 44_000 * Math.floor(i / 20)),
      'knob.concurrency': series((i) => 30 + Math.floor(i / 4)),
      'baseline.concurrency': series((i) => 30 + Math.floor(i / 4)),
    },
  }
}

export const seen = (more: Partial<Seen> = {}): Seen => ({
  connection: { is: 'live' },
  health: 'degraded',
  role: 'operate',
  state: state(),
  changes: CHANGES,
  probes: [change(98, { kind: 'probe', knobs: [{ name: 'ttl', from: 80_000, to: 82_000 }], standing: 'superseded' })],
  history: history(),
  witnesses: [WITNESS],
  ...more,
})
