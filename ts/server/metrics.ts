/**
 * The state as OpenMetrics 1.0 text, by the table that exporters have too. Labels are names that the application gives, never values of
 * requests.
 */
import type { JournalSink } from '../journal/sink.js'
import type { Changes } from '../metrics/changes.js'
import { FAMILIES, PREFIX, type Sample } from '../metrics/families.js'
import type { MeasuredQueue, Reading, TunerReading } from '../metrics/sources.js'
import type { State, TunerState } from './api/state.js'

export const OPENMETRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

export interface ServerFigures {
  readonly readers: number
  readonly operations: number
  readonly unrecorded: number
}

export type MeasuredJournal = Pick<JournalSink, 'failure' | 'stats'>

export interface Measured extends Pick<State, 'tuners' | 'reflex'> {
  readonly queues: Iterable<readonly [string, MeasuredQueue]>
  /** Journals that this process writes, by the name of their tuner. */
  readonly journals: ReadonlyMap<string, MeasuredJournal>
  /** Decisions since the server began to follow. */
  readonly changes: Changes
  /** Whether a component has series of its own. */
  labelled(component: string): boolean
  readonly figures: ServerFigures
}

export function openMetrics(measured: Measured): string {
  const reading = readingOf(measured)
  let text = ''
  for (const { name, type, help, read } of [...FAMILIES, ...measured.changes.families])
    text += family(name, type, help, read(reading))
  for (const [name, type, help, of] of SERVER)
    text += family(name, type, help, [{ labels: {}, value: of(measured.figures) }])
  return `${text}# EOF\n`
}

const SERVER: readonly (readonly [string, 'gauge' | 'counter', string, (figures: ServerFigures) => number])[] = [
  ['server_readers', 'gauge', 'Event streams that are open.', ({ readers }) => readers],
  ['server_operations', 'counter', 'What was to be recorded of operations.', ({ operations }) => operations],
  [
    'server_operations_unrecorded',
    'counter',
    'Operations done while the journal took nothing.',
    ({ unrecorded }) => unrecorded,
  ],
]

function readingOf({ tuners, reflex, queues, journals, labelled }: Measured): Reading {
  const components = (reflex?.componentStates ?? []).filter(({ component }) => labelled(component))
  return {
    tuners: tuners.map((one) => tunerReading(one, journals.get(one.name))),
    reflex: reflex ?? undefined,
    queues: [...queues],
    components,
    componentsOmitted: (reflex?.components ?? 0) - components.length,
  }
}

function tunerReading(state: TunerState, journal: MeasuredJournal | undefined): TunerReading {
  const { name, generation, mode, control, failure, counters } = state
  return {
    tuner: {
      name,
      generation,
      mode,
      controlWord: control,
      ...(failure !== null && { failure }),
      counters: () => counters,
      ...(journal !== undefined && { journal }),
    },
    core: {
      windows: state.windows,
      valid_windows: state.validWindows,
      safe_mode: state.safeMode,
      safe_mode_entries: state.safeModeEntries,
      journal: state.journal,
      knobs: state.knobs,
    },
    objective: state.objective,
    window: state.window ?? undefined,
  }
}

function family(name: string, type: 'gauge' | 'counter', help: string, samples: readonly Sample[]): string {
  if (samples.length === 0) return ''
  let text = `# TYPE ${PREFIX}${name} ${type}\n# HELP ${PREFIX}${name} ${help}\n`
  const suffix = type === 'counter' ? '_total' : ''
  for (const { labels, value } of samples) {
    const pairs = Object.entries(labels).map(([key, of]) => `${key}="${escaped(of)}"`)
    text += `${PREFIX}${name}${suffix}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`
  }
  return text
}

const escaped = (text: string): string => text.replace(/[\\"\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`))
