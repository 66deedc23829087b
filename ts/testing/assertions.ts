/**
 * Assertions about what a tuner did. They throw plain errors that say what was seen, so that they serve in every test runner.
 */
import { invalid } from '../errors.js'
import { CHANGE_EVENTS, type JournalEventType, type TunerEvent } from '../tuner/events.js'
import type { Tuner } from '../tuner/tuner.js'

// biome-ignore lint/suspicious/noExplicitAny: a tuner has type parameters of its own
type AnyTuner = Tuner<any, any>

/** What it was told, and how its run began and ended, is no decision. */
const TOLD = ['operator', 'started', 'stopped', 'warning'] as const satisfies readonly JournalEventType[]
type Recorded = Exclude<(typeof CHANGE_EVENTS)[number], (typeof TOLD)[number]>
const RECORDED = CHANGE_EVENTS.filter((type): type is Recorded => !(TOLD as readonly string[]).includes(type))

export interface Recording {
  /** In the order in which they were decided. */
  readonly events: readonly TunerEvent[]
  /** Those of one type. */
  of(type: Recorded): readonly TunerEvent[]
  /** Values of every generation that was live, the one at the start first; probes are among them. */
  readonly values: readonly Readonly<Record<string, unknown>>[]
  stop(): void
}

/** Records decisions and the values they made, from now on. */
export function record(tuner: AnyTuner): Recording {
  const events: TunerEvent[] = []
  const values = [{ ...tuner.snapshot().values } as Record<string, unknown>]
  let generation = tuner.generation
  const stops = RECORDED.map((type) =>
    tuner.on(type, (event) => {
      events.push(event)
      if (tuner.generation === generation) return
      generation = tuner.generation
      values.push({ ...tuner.snapshot().values } as Record<string, unknown>)
    }),
  )
  return {
    events,
    values,
    of: (type) => events.filter((event) => event.type === type),
    stop: () => {
      for (const stop of stops) stop()
    },
  }
}

function broken(message: string): never {
  const error = new Error(message)
  error.name = 'AssertionError'
  throw error
}

/** Every value that was live lies within its knob's bounds. */
export function assertWithinBounds(tuner: AnyTuner, recording: Recording): void {
  for (const { name, min, max, choices } of tuner.config.knobs) {
    if (choices !== undefined) continue
    for (const [i, values] of recording.values.entries()) {
      const value = Number(values[name])
      if (!(value >= min && value <= max))
        broken(`${name} was ${value} in generation ${i} of the recording, outside ${min} to ${max}`)
    }
  }
}

export interface Settled {
  /** The value that is expected. */
  readonly near: number
  /** Allowed distance, as a share of `near`. Above 0. */
  readonly within: number
}

/** A knob's baseline, which probes move around, has arrived where it should. */
export async function assertSettled(tuner: AnyTuner, knob: string, { near, within }: Settled): Promise<void> {
  if (!(within > 0)) throw invalid('within', 'a share above 0', within)
  const found = (await tuner.explain()).knobs.find(({ name }) => name === knob)
  if (found === undefined) throw invalid('knob', 'the name of a knob', knob, 'HOMEOSTAT_UNKNOWN_KNOB')
  if (Math.abs(found.baseline - near) > within * Math.abs(near))
    broken(`${knob} stands at ${found.baseline}, not within ${within * 100} % of ${near}`)
}

/** Nothing went wrong: no SafeMode, no regression, nothing lost, no exception of the objective or a listener. */
export async function assertHealthy(tuner: AnyTuner): Promise<void> {
  if (tuner.failure !== undefined) broken(`the loop stopped: ${tuner.failure.message}`)
  const { safe_mode, journal, counters } = await tuner.explain()
  if (safe_mode !== null) broken(`SafeMode since ${safe_mode.since_us} us: ${safe_mode.reason}`)
  const { objectiveErrors, listenerErrors, samplesDropped, clockBackwards } = counters
  const wrong = { objectiveErrors, listenerErrors, samplesDropped, clockBackwards, ...journal, queued: 0 }
  for (const [what, n] of Object.entries(wrong)) if (n > 0) broken(`${what}: ${n}`)
}
