/**
 * Scripted telemetry: drives a tuner with `tick: 'manual'` and a fake clock through windows whose samples a script computes.
 */
import type { KnobSpecs, KnobValues } from '../schema/knob.js'
import type { SignalReporters, SignalSpecs } from '../schema/signal.js'
import type { Tuner } from '../tuner/tuner.js'
import type { DurationInput } from '../units.js'
import type { FakeClock } from './fake-clock.js'

export interface Step<K extends KnobSpecs, S extends SignalSpecs> {
  /** Index of the tick, from 0. */
  readonly index: number
  readonly knobs: KnobValues<K>
  readonly signals: SignalReporters<S>
}

export interface ScriptOptions {
  /** Ticks to drive. */
  ticks: number
  /** Time between two ticks. Default: a fifth of the default window, 50 ms. */
  every?: DurationInput
}

/** Per tick: moves the clock, lets `script` report what the system would have shown under the present knobs, and ticks. */
export function drive<K extends KnobSpecs, S extends SignalSpecs>(
  tuner: Tuner<K, S>,
  clock: FakeClock,
  options: ScriptOptions,
  script: (step: Step<K, S>) => void,
): void {
  for (let index = 0; index < options.ticks; index++) {
    clock.advance(options.every ?? 50)
    script({ index, knobs: tuner.knobs, signals: tuner.signals })
    tuner.tick()
  }
}
