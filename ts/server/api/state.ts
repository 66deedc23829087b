/**
 * What the server tells of the state of things. Times are milliseconds since 1970 for display, durations are in the unit of their
 * name. Values of knobs are numbers in the knob's unit: milliseconds, bytes, the place of a choice, 0 or 1.
 */

import { APPLY_KINDS, MODES, SAFE_MODE_REASONS } from '../../generated/core.js'
import { BREAKER_STATES } from '../../reflex-binding.js'
import { CHANGE_EVENTS } from '../../tuner/events.js'
import {
  array,
  flag,
  integer,
  maybe,
  nullable,
  number,
  type Of,
  object,
  oneOfWords,
  record,
  text,
} from '../schema/schema.js'

export const KNOB_KINDS = ['number', 'integer', 'boolean', 'choice', 'duration', 'bytes'] as const
export const CONTROL_WORDS = ['on', 'freeze', 'off'] as const
export const mode = oneOfWords(MODES, 'How much the tuner may do.')
export const controlWord = oneOfWords(CONTROL_WORDS, 'The strictest word of the kill switch that any source holds.')
const atMs = integer('When, in milliseconds since 1970; for display, since such clocks may step.', -8.64e15, 8.64e15)
const pair = (description: string) => object({ low: number(), high: number() }, [], description)
export const safeMode = object({
  reason: text(`Why: ${SAFE_MODE_REASONS.join(', ')}.`),
  sinceMs: atMs,
  remainingMs: maybe('Until it ends by itself; null: it waits for a person, or it is not known.'),
})

export const knobState = object(
  {
    name: text(),
    kind: oneOfWords(KNOB_KINDS),
    scale: oneOfWords(['linear', 'log', 'periodic']),
    min: number(),
    max: number(),
    initial: number(),
    value: number('The live value, probe included.'),
    baseline: number('What probes move around.'),
    certified: maybe('Where a rollback goes; null before anything was certified.'),
    unit: number('The live value as a share of the range, 0 to 1.'),
    band: pair('Where one update may bring the value: the baseline and the largest step to either side.'),
    frozen: flag(),
    learn: oneOfWords(['probe', 'shadow', 'hold']),
    choices: array({ type: ['string', 'number', 'boolean'] }, 'Of a choice: what its places stand for.'),
    model: object(
      { gradient: number(), error: number(), curvature: number() },
      [],
      'The local model of the objective, per share of the range.',
    ),
    shadow: object(
      { values: array(number()), costs: array(number()), target: maybe('Where that points.') },
      [],
      'What the same traffic would have cost at other values.',
    ),
    recommended: number('In mode `recommend`: the value that evidence favours.'),
    advice: text(),
    wouldProbe: array(number(), 'In mode `recommend`: the values that a probe would compare.'),
  },
  ['choices', 'model', 'shadow', 'recommended', 'advice', 'wouldProbe'],
)

export const objectiveState = object({
  last: maybe('Of the last window that said anything; lower is better.'),
  mean: maybe('Over the last windows that said anything, 120 at most.'),
  low: maybe('Lower end of the mean’s 95 % interval; windows that resemble their neighbours count for less.'),
  high: maybe('Upper end of the same interval.'),
  windows: integer('How many windows those were.'),
})

export const windowState = object({
  atMs,
  validity: text('`valid`, or why the window taught nothing.'),
  samples: integer(),
  objective: maybe('Lower is better.'),
  latencyP99Us: maybe('99th percentile of the first duration signal.'),
  throughputRps: maybe('Samples per second.'),
  constraintMargin: maybe('(limit - value) / |limit| of the worst constraint; below 0 it is violated.'),
})

export const tunerState = object(
  {
    name: text(),
    source: oneOfWords(['live', 'journal'], 'A tuner of this process, or the journal of another one.'),
    runId: text(),
    revision: text('Changes with everything that a command depends on; the entity tag of `…/commands`.'),
    generation: integer('Of the live values.'),
    mode,
    control: controlWord,
    safeMode: nullable(safeMode),
    safeModeEntries: integer('How often SafeMode was entered.'),
    failure: nullable(text(), 'Why the loop stopped for good: the knobs are then at their initial values.'),
    ended: flag('The run has ended; this is the last that is known of it.'),
    changedAtMs: nullable(atMs, 'When the live values last changed.'),
    windows: integer(),
    validWindows: integer(),
    regressions: integer('Consecutive regressions.'),
    window: nullable(windowState, 'The last window.'),
    objective: objectiveState,
    guardrails: record(
      { type: ['number', 'string'] },
      'Limits of every change, as the journal’s first entry has them.',
    ),
    knobs: array(knobState),
    journal: object({
      queued: integer(),
      dropped: integer('Inputs that were not processed since the queue was full.'),
      lost: integer('Protective entries that not even the reserve held.'),
      failure: nullable(text()),
    }),
    counters: record(integer(), 'Everything that was bounded, refused or survived, since the start.'),
  },
  ['ended'],
)

/** What is told of a run, besides windows. */
export const CHANGE_TYPES = CHANGE_EVENTS
export type ChangeType = (typeof CHANGE_TYPES)[number]
export const changeType = oneOfWords(CHANGE_TYPES)

export const change = object({
  tuner: text(),
  seq: integer('Its place in the journal of the run.'),
  runId: text(),
  type: changeType,
  atMs,
  generation: integer('Of the values that it made, or that it left.'),
  proposalId: nullable(integer(), 'Joins a proposal, its application and what came of it.'),
  kind: nullable(text(), `Of a change of values: ${APPLY_KINDS.join(', ')}.`),
  knobs: array(object({ name: text(), from: maybe('Null where it is not known.'), to: number() }), 'What moved.'),
  standing: nullable(
    oneOfWords(['live', 'superseded', 'rolled-back']),
    'What became of a change of values; null for what changes none.',
  ),
  evidence: record({}, 'What the decision rests on, as the journal has it.'),
})

const breakerReport = object({
  state: oneOfWords(BREAKER_STATES),
  calls: integer(),
  failures: integer(),
  slow: integer(),
  failureRate: number(),
  slowRate: number(),
  inFlight: integer(),
  retryAfterUs: maybe('Null while an operator holds it open.'),
  opened: integer(),
  refused: integer(),
  expired: integer(),
})

export const componentState = object(
  {
    component: text(),
    health: oneOfWords(['healthy', 'failing', 'recovering', 'open']),
    calls: integer(),
    errors: integer(),
    recentCalls: integer(),
    recentErrorRate: number(),
    p99Us: number(),
    queueDepth: number(),
    limit: number(),
    lastError: text(),
    remoteBreaker: oneOfWords(BREAKER_STATES),
    spike: object({ timeUs: number(), resource: text(), value: number() }),
    breaker: breakerReport,
  },
  ['limit', 'lastError', 'remoteBreaker', 'spike'],
)

export const reflexState = object({
  state: oneOfWords(['healthy', 'degraded', 'cascade']),
  components: integer(),
  openBreakers: integer(),
  patternsLearned: integer(),
  violations: integer(),
  cascades: integer(),
  ongoingWitness: nullable(integer()),
  shedFromTier: integer('From this tier on load is shed; 5: none is.', 0, 5),
  inFlight: integer(),
  events: integer(),
  dropped: record(integer(), 'Exact counts of what was left out, by what.'),
  componentStates: array(componentState, 'The 256 that were touched most recently.'),
})

export const witness = object({
  witness: integer('Its number, from 1.'),
  atMs,
  trigger: text('Whose error made it a cascade.'),
  rootCause: text(),
  components: integer(),
  affectedCount: integer(),
  affected: array(object({ component: text(), errorRate: number(), p99Us: number(), queueDepth: number() })),
  chain: array(
    object({ component: text(), atMs, blames: text() }, ['blames']),
    'From the latest symptom back to the likely root cause.',
  ),
  decision: oneOfWords(['open-and-shed', 'shed']),
  opened: array(text(), 'Breakers that were opened.'),
  shedFromTier: integer('', 0, 5),
  joined: integer(),
  recoveredAtMs: nullable(atMs, 'Null while it lasts.'),
  words: text('All of it in plain words.'),
})

export const graph = object({
  nodes: array(object({ component: text(), health: text(), state: oneOfWords(BREAKER_STATES), calls: integer() })),
  edges: array(object({ from: text(), to: text() }), 'Observed calls.'),
  patterns: array(
    object({ entry: text(), calls: array(text()), count: integer(), expectedUs: number(), deviationUs: number() }),
    'Sequences of calls that were learned.',
  ),
})

export const queueState = object(
  {
    name: text(),
    waiting: integer(),
    byTier: array(integer(), 'Waiting, by tier: emergency, strategic, normal, experimental, background.'),
    running: integer(),
    refused: integer(),
    dropped: integer(),
    capacity: number('What upstream should send, as a share of the usual.'),
  },
  ['byTier', 'running', 'refused', 'dropped'],
)

export const state = object({
  atMs,
  tuners: array(tunerState),
  reflex: nullable(reflexState, 'Null where there is none.'),
  queues: array(queueState),
  sections: record({}, 'What the application adds, such as kernels and members of a fleet.'),
  operations: object({ lastSeq: integer(), journalFailure: nullable(text()) }),
})

export type KnobState = Of<typeof knobState>
export type WindowState = Of<typeof windowState>
export type TunerState = Of<typeof tunerState>
export type Change = Of<typeof change>
export type ComponentState = Of<typeof componentState>
export type ReflexState = Of<typeof reflexState>
export type WitnessState = Of<typeof witness>
export type Graph = Of<typeof graph>
export type QueueState = Of<typeof queueState>
export type State = Of<typeof state>
