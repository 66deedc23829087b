/**
 * The state as OpenMetrics 1.0 text. Labels are names that the application gives, never values of requests.
 */
import type { State } from './api/state.js'

export const OPENMETRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

type Labels = Readonly<Record<string, string>>
type Sample = readonly [Labels, number | null]

export interface ServerFigures {
  readonly readers: number
  readonly operations: number
  readonly unrecorded: number
  /** Changes of each tuner since the server began to follow it, by type. */
  readonly changes: ReadonlyMap<string, ReadonlyMap<string, number>>
}

const escaped = (text: string): string => text.replace(/[\\"\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`))

class Exposition {
  #text = ''

  gauge(name: string, help: string, samples: readonly Sample[]): void {
    this.#family(name, 'gauge', '', help, samples)
  }

  counter(name: string, help: string, samples: readonly Sample[]): void {
    this.#family(name, 'counter', '_total', help, samples)
  }

  #family(name: string, type: string, suffix: string, help: string, samples: readonly Sample[]): void {
    const known = samples.filter((sample): sample is readonly [Labels, number] => sample[1] !== null)
    if (known.length === 0) return
    this.#text += `# TYPE homeostat_${name} ${type}\n# HELP homeostat_${name} ${help}\n`
    for (const [labels, value] of known) {
      const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`)
      this.#text += `homeostat_${name}${suffix}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`
    }
  }

  get text(): string {
    return `${this.#text}# EOF\n`
  }
}

export function openMetrics({ tuners, reflex, queues }: State, figures: ServerFigures): string {
  const out = new Exposition()
  const perTuner = (of: (tuner: State['tuners'][number]) => number | null): Sample[] =>
    tuners.map((tuner) => [{ tuner: tuner.name }, of(tuner)])
  const perKnob = (of: (knob: State['tuners'][number]['knobs'][number]) => number | null): Sample[] =>
    tuners.flatMap(({ name, knobs }) => knobs.map((knob): Sample => [{ tuner: name, knob: knob.name }, of(knob)]))
  out.gauge(
    'knob_value',
    'Live value in the unit of the knob.',
    perKnob(({ value }) => value),
  )
  out.gauge(
    'knob_baseline',
    'What probes move around, in the unit of the knob.',
    perKnob(({ baseline }) => baseline),
  )
  out.gauge(
    'knob_frozen',
    '1 while it is frozen.',
    perKnob(({ frozen }) => Number(frozen)),
  )
  out.gauge(
    'generation',
    'Generation of the live values.',
    perTuner(({ generation }) => generation),
  )
  out.gauge(
    'mode_state',
    '0 observe, 1 recommend, 2 auto.',
    perTuner(({ mode }) => ['observe', 'recommend', 'auto'].indexOf(mode)),
  )
  out.gauge(
    'control_state',
    'The kill switch: 0 on, 1 freeze, 2 off.',
    perTuner(({ control }) => ['on', 'freeze', 'off'].indexOf(control)),
  )
  out.gauge(
    'safe_mode',
    '1 while SafeMode holds every knob.',
    perTuner(({ safeMode }) => Number(safeMode !== null)),
  )
  out.gauge(
    'tuner_failed',
    '1 where the loop stopped for good.',
    perTuner(({ failure }) => Number(failure !== null)),
  )
  out.gauge(
    'objective',
    'Objective of the last valid window; lower is better.',
    perTuner((t) => t.objective.last),
  )
  out.gauge(
    'objective_mean',
    'Its mean over the last valid windows.',
    perTuner((t) => t.objective.mean),
  )
  out.gauge(
    'objective_mean_low',
    'Lower end of the 95 % interval of the mean.',
    perTuner((t) => t.objective.low),
  )
  out.gauge(
    'objective_mean_high',
    'Upper end of the 95 % interval of the mean.',
    perTuner((t) => t.objective.high),
  )
  out.gauge(
    'constraint_margin_ratio',
    'Of the worst constraint; below 0 it is violated.',
    perTuner((t) => t.window?.constraintMargin ?? null),
  )
  out.counter(
    'windows',
    'Windows of telemetry.',
    perTuner(({ windows }) => windows),
  )
  out.counter(
    'windows_valid',
    'Windows that could be learned from.',
    perTuner(({ validWindows }) => validWindows),
  )
  out.counter(
    'safe_mode_entries',
    'Times that SafeMode was entered.',
    perTuner((t) => t.safeModeEntries),
  )
  out.counter(
    'samples',
    'Samples handed to the core.',
    perTuner(({ counters }) => counters.samples ?? null),
  )
  out.counter(
    'samples_dropped',
    'Samples that found their ring full.',
    perTuner((t) => t.counters.samplesDropped ?? null),
  )
  out.gauge(
    'journal_queued_entries',
    'Journal entries that wait.',
    perTuner(({ journal }) => journal.queued),
  )
  out.counter(
    'journal_dropped_inputs',
    'Inputs not processed since the queue was full.',
    perTuner((t) => t.journal.dropped),
  )
  out.counter(
    'journal_lost_entries',
    'Protective entries that were not recorded.',
    perTuner((t) => t.journal.lost),
  )
  out.counter(
    'changes',
    'Decisions since the server began to follow the tuner, by type.',
    [...figures.changes].flatMap(([tuner, types]) => [...types].map(([type, n]): Sample => [{ tuner, type }, n])),
  )
  if (reflex !== null) reflexMetrics(out, reflex)
  out.gauge(
    'queue_waiting_items',
    'Items that wait.',
    queues.map(({ name, waiting }) => [{ queue: name }, waiting]),
  )
  out.gauge(
    'queue_tier_waiting_items',
    'Items that wait, by tier.',
    queues.flatMap(({ name, byTier = [] }) => byTier.map((n, tier): Sample => [{ queue: name, tier: `${tier}` }, n])),
  )
  out.gauge(
    'queue_running_items',
    'Items that run.',
    queues.map((q) => [{ queue: q.name }, q.running ?? null]),
  )
  out.gauge(
    'queue_capacity_ratio',
    'What upstream should send, as a share of the usual.',
    queues.map((q) => [{ queue: q.name }, q.capacity]),
  )
  out.counter(
    'queue_refused_items',
    'Items that were not taken in.',
    queues.map((q) => [{ queue: q.name }, q.refused ?? null]),
  )
  out.counter(
    'queue_dropped_items',
    'Items that left without being started.',
    queues.map((q) => [{ queue: q.name }, q.dropped ?? null]),
  )
  out.gauge('server_readers', 'Event streams that are open.', [[{}, figures.readers]])
  out.counter('server_operations', 'Entries of the journal of operations.', [[{}, figures.operations]])
  out.counter('server_operations_unrecorded', 'Operations done while the journal took nothing.', [
    [{}, figures.unrecorded],
  ])
  return out.text
}

function reflexMetrics(out: Exposition, reflex: NonNullable<State['reflex']>): void {
  const one = (value: number): Sample[] => [[{}, value]]
  const per = (of: (c: (typeof reflex.componentStates)[number]) => number | null): Sample[] =>
    reflex.componentStates.map((state) => [{ component: state.component }, of(state)])
  const states = ['closed', 'open', 'half-open', 'forced-open', 'disabled']
  out.gauge('components', 'Components that are watched.', one(reflex.components))
  out.gauge('open_breakers', 'Breakers that are open.', one(reflex.openBreakers))
  out.gauge('in_flight_calls', 'Calls in flight.', one(reflex.inFlight))
  out.gauge('shed_from_tier', 'Load of this tier and above is shed; 5: none is.', one(reflex.shedFromTier))
  out.counter('cascades', 'Cascades found.', one(reflex.cascades))
  out.counter('pattern_violations', 'Requests that differ from their pattern.', one(reflex.violations))
  out.counter('structural_events', 'Structural events.', one(reflex.events))
  out.counter(
    'reflex_dropped',
    'What was left out for want of room or sense, by what.',
    Object.entries(reflex.dropped).map(([what, n]) => [{ what }, n]),
  )
  out.counter(
    'component_calls',
    'Calls of a component that ended.',
    per(({ calls }) => calls),
  )
  out.counter(
    'component_errors',
    'Calls of a component that failed.',
    per(({ errors }) => errors),
  )
  out.gauge(
    'component_p99_seconds',
    '99th percentile of its latency within the window.',
    per((c) => c.p99Us / 1e6),
  )
  out.gauge(
    'component_breaker_state',
    '0 closed, 1 open, 2 half-open, 3 forced open, 4 disabled.',
    per(({ breaker }) => states.indexOf(breaker.state)),
  )
}
