/**
 * The one table of metrics: name, type, help, and how each is read. Exporters and the server's `/metrics` both read it, so that a
 * dashboard does for all of them.
 */
import type { MeasuredComponent, MeasuredKnob, MeasuredQueue, Reading, TunerReading } from './sources.js'

export type Labels = Readonly<Record<string, string>>
export interface Sample {
  readonly labels: Labels
  readonly value: number
}

export interface Family {
  /** Without `_total`. */
  readonly name: string
  readonly type: 'gauge' | 'counter'
  readonly help: string
  /** Names of the labels, all of them on every sample. */
  readonly labels: readonly string[]
  read(reading: Reading): Sample[]
}

type Figure = number | null | undefined
type Type = Family['type']

const BREAKERS = ['closed', 'open', 'half-open', 'forced-open', 'disabled']
const MODES = ['observe', 'recommend', 'auto']
const CONTROLS = ['on', 'freeze', 'off']
const TIERS = [0, 1, 2, 3, 4]

/** What is not known is no sample. */
function sample(labels: Labels, value: Figure): Sample[] {
  return typeof value === 'number' && Number.isFinite(value) ? [{ labels, value }] : []
}

function perTuner(name: string, type: Type, help: string, of: (one: TunerReading) => Figure): Family {
  const read = ({ tuners }: Reading) => tuners.flatMap((one) => sample({ tuner: one.tuner.name }, of(one)))
  return { name, type, help, labels: ['tuner'], read }
}

function perKnob(name: string, help: string, of: (knob: MeasuredKnob) => Figure): Family {
  const read = ({ tuners }: Reading) =>
    tuners.flatMap(({ tuner, core }) =>
      (core?.knobs ?? []).flatMap((knob) => sample({ tuner: tuner.name, knob: knob.name }, of(knob))),
    )
  return { name, type: 'gauge', help, labels: ['tuner', 'knob'], read }
}

function ofReflex(
  name: string,
  type: Type,
  help: string,
  of: (health: NonNullable<Reading['reflex']>) => Figure,
): Family {
  return { name, type, help, labels: [], read: ({ reflex }) => (reflex === undefined ? [] : sample({}, of(reflex))) }
}

function perComponent(name: string, type: Type, help: string, of: (component: MeasuredComponent) => Figure): Family {
  const read = ({ components }: Reading) => components.flatMap((one) => sample({ component: one.component }, of(one)))
  return { name, type, help, labels: ['component'], read }
}

function perQueue(name: string, type: Type, help: string, of: (queue: MeasuredQueue) => Figure): Family {
  const read = ({ queues }: Reading) => queues.flatMap(([queue, source]) => sample({ queue }, of(source)))
  return { name, type, help, labels: ['queue'], read }
}

const KNOBS: readonly Family[] = [
  perKnob('knob_value', 'Live value in the unit of the knob.', ({ value }) => value),
  perKnob('knob_baseline', 'What probes move around, in the unit of the knob.', ({ baseline }) => baseline),
  perKnob('knob_range_ratio', 'Live value as a share of the range of the knob.', ({ unit }) => unit),
  perKnob('knob_frozen', '1 while it is frozen.', ({ frozen }) => Number(frozen)),
]

const TUNERS: readonly Family[] = [
  perTuner('generation', 'gauge', 'Generation of the live values.', ({ tuner }) => tuner.generation),
  perTuner('mode_state', 'gauge', '0 observe, 1 recommend, 2 auto.', ({ tuner }) => MODES.indexOf(tuner.mode)),
  perTuner('control_state', 'gauge', 'The kill switch: 0 on, 1 freeze, 2 off.', ({ tuner }) =>
    CONTROLS.indexOf(tuner.controlWord),
  ),
  perTuner('safe_mode', 'gauge', '1 while SafeMode holds every knob.', ({ core }) =>
    core === undefined ? null : Number(core.safe_mode !== null),
  ),
  perTuner('tuner_failed', 'gauge', '1 where the loop stopped for good.', ({ tuner }) =>
    Number(tuner.failure !== undefined),
  ),
  perTuner('objective', 'gauge', 'Objective of the last valid window; lower is better.', (t) => t.objective.last),
  perTuner('objective_mean', 'gauge', 'Its mean over the last valid windows.', (t) => t.objective.mean),
  perTuner('objective_mean_low', 'gauge', 'Lower end of the 95 % interval of the mean.', (t) => t.objective.low),
  perTuner('objective_mean_high', 'gauge', 'Upper end of the 95 % interval of the mean.', (t) => t.objective.high),
  perTuner(
    'constraint_margin_ratio',
    'gauge',
    'Of the worst constraint; below 0 it is violated.',
    ({ window }) => window?.constraintMargin,
  ),
  perTuner('windows', 'counter', 'Windows of telemetry.', ({ core }) => core?.windows),
  perTuner('windows_valid', 'counter', 'Windows that could be learned from.', ({ core }) => core?.valid_windows),
  perTuner(
    'windows_stalled',
    'counter',
    'Windows that a stall made too long to learn from.',
    ({ tuner }) => tuner.counters().stalledWindows,
  ),
  perTuner('safe_mode_entries', 'counter', 'Times that SafeMode was entered.', ({ core }) => core?.safe_mode_entries),
  perTuner('samples', 'counter', 'Samples handed to the core.', ({ tuner }) => tuner.counters().samples),
  perTuner(
    'samples_dropped',
    'counter',
    'Samples that found their ring full.',
    ({ tuner }) => tuner.counters().samplesDropped,
  ),
  perTuner(
    'objective_errors',
    'counter',
    'Windows whose objective threw or was not finite.',
    ({ tuner }) => tuner.counters().objectiveErrors,
  ),
  perTuner(
    'clock_faults',
    'counter',
    'Readings of a clock that went back or was not a number.',
    ({ tuner }) => tuner.counters().clockBackwards,
  ),
  perTuner('listener_errors', 'counter', 'Listeners that threw.', ({ tuner }) => tuner.counters().listenerErrors),
]

const JOURNALS: readonly Family[] = [
  perTuner('journal_queued_entries', 'gauge', 'Journal entries that wait.', ({ core }) => core?.journal.queued),
  perTuner(
    'journal_dropped_inputs',
    'counter',
    'Inputs not processed since the queue was full.',
    ({ core }) => core?.journal.dropped,
  ),
  perTuner(
    'journal_lost_entries',
    'counter',
    'Protective entries that were not recorded.',
    ({ core }) => core?.journal.lost,
  ),
  perTuner('journal_failing', 'gauge', '1 while the medium of the journal fails.', ({ tuner }) =>
    tuner.journal === undefined ? null : Number(tuner.journal.failure !== undefined),
  ),
  perTuner(
    'journal_failures',
    'counter',
    'Failed writes of the journal, each retried.',
    ({ tuner }) => tuner.journal?.stats.failures,
  ),
  perTuner(
    'journal_written_bytes',
    'counter',
    'Bytes of the journal that reached their medium.',
    ({ tuner }) => tuner.journal?.stats.written,
  ),
]

const REFLEX: readonly Family[] = [
  ofReflex('components', 'gauge', 'Components that are watched.', (health) => health.components),
  {
    name: 'components_omitted',
    type: 'gauge',
    help: 'Components that have no series of their own.',
    labels: [],
    read: ({ reflex, componentsOmitted }) => (reflex === undefined ? [] : sample({}, componentsOmitted)),
  },
  ofReflex('open_breakers', 'gauge', 'Breakers that are open.', (health) => health.openBreakers),
  ofReflex('in_flight_calls', 'gauge', 'Calls in flight.', (health) => health.inFlight),
  ofReflex('shed_from_tier', 'gauge', 'Load of this tier and above is shed; 5: none is.', (h) => h.shedFromTier),
  ofReflex('cascades', 'counter', 'Cascades found.', (health) => health.cascades),
  ofReflex('pattern_violations', 'counter', 'Requests that differ from their pattern.', (h) => h.violations),
  ofReflex('structural_events', 'counter', 'Structural events.', (health) => health.events),
  {
    name: 'reflex_dropped',
    type: 'counter',
    help: 'What was left out for want of room or sense, by what.',
    labels: ['what'],
    read: ({ reflex }) => Object.entries(reflex?.dropped ?? {}).flatMap(([what, n]) => sample({ what }, n)),
  },
  perComponent('component_calls', 'counter', 'Calls of a component that ended.', ({ calls }) => calls),
  perComponent('component_errors', 'counter', 'Calls of a component that failed.', ({ errors }) => errors),
  perComponent('component_p99_seconds', 'gauge', '99th percentile of its latency within the window.', (c) =>
    typeof c.p99Us === 'number' ? c.p99Us / 1e6 : null,
  ),
  perComponent('component_breaker_state', 'gauge', '0 closed, 1 open, 2 half-open, 3 forced open, 4 disabled.', (c) =>
    BREAKERS.indexOf(c.breaker.state),
  ),
]

const QUEUES: readonly Family[] = [
  perQueue('queue_waiting_items', 'gauge', 'Items that wait.', ({ size, stats }) => size ?? stats?.waiting ?? 0),
  {
    name: 'queue_tier_waiting_items',
    type: 'gauge',
    help: 'Items that wait, by tier.',
    labels: ['queue', 'tier'],
    read: ({ queues }) =>
      queues.flatMap(([queue, source]) =>
        source.sizeOf === undefined
          ? []
          : TIERS.flatMap((tier) => sample({ queue, tier: `${tier}` }, source.sizeOf?.(tier) ?? 0)),
      ),
  },
  perQueue('queue_running_items', 'gauge', 'Items that run.', ({ stats }) => stats?.running),
  perQueue('queue_capacity_ratio', 'gauge', 'What upstream should send, as a share of the usual.', ({ capacity }) =>
    Number.isFinite(capacity) ? capacity : 1,
  ),
  perQueue('queue_refused_items', 'counter', 'Items that were not taken in.', ({ stats }) => stats?.refused),
  perQueue('queue_dropped_items', 'counter', 'Items that left without being started.', ({ stats }) => stats?.dropped),
]

export const PREFIX = 'homeostat_'
export const FAMILIES: readonly Family[] = [...KNOBS, ...TUNERS, ...JOURNALS, ...REFLEX, ...QUEUES]
