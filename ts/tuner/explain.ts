/**
 * What `explain()` tells: the present state of the core, as it says it, plus the façade's own counters.
 */
import type { Mode } from '../schema/options.js'
import type { ControlWord } from './control.js'

export interface KnobExplanation {
  readonly name: string
  /** The live value, probe included. Knob units, like all values here but `unit`. */
  readonly value: number
  /** What probes move around. */
  readonly baseline: number
  readonly initial: number
  /** Where a rollback goes; null before anything was certified. */
  readonly certified: number | null
  /** The live value as a share of the knob's range, 0 to 1. */
  readonly unit: number
  readonly learn: 'probe' | 'shadow' | 'hold'
  readonly frozen: boolean
  /**
   * Where one step of the knob's grid is larger than `most`, what ordinary updates may move (shares of the range): it stays
   * where it is, or is tuned from `fine_from` on, where steps are small enough.
   */
  readonly coarse?: { readonly step: number; readonly most: number; readonly fine_from: number | null }
  /** The local model of the objective, where the knob is learned at present; per share of the range. */
  readonly model?: { readonly gradient: number; readonly error: number; readonly curvature: number }
  /** What the same traffic would have cost at other values, and where that points. */
  readonly shadow?: {
    readonly values: readonly number[]
    readonly costs: readonly number[]
    readonly target: number | null
  }
  /** In mode `recommend`: the value that evidence favours, until it is withdrawn. */
  readonly recommended?: number
  readonly advice?: string
  /** In mode `recommend`: the two values that a probe would compare. */
  readonly would_probe?: readonly [number, number]
}

export interface Explanation {
  readonly generation: number
  readonly mode: Mode
  readonly control: ControlWord
  /** When the live values last changed, on the tuner's clock. */
  readonly changed_us: number
  readonly windows: number
  readonly valid_windows: number
  readonly regressions: number
  readonly safe_mode: null | {
    readonly reason: string
    readonly since_us: number
    readonly remaining_us: number | null
  }
  readonly safe_mode_entries: number
  /** Entries waiting, inputs not processed since the queue is full, and protective entries that not even the reserve held. */
  readonly journal: { readonly queued: number; readonly dropped: number; readonly lost: number }
  readonly knobs: readonly KnobExplanation[]
  readonly counters: Counters
}

/** Everything that was bounded, refused or survived, since the start. */
export interface Counters {
  /** Samples handed to the core. */
  readonly samples: number
  /** Samples that found their ring full. */
  readonly samplesDropped: number
  /** Windows closed. */
  readonly windows: number
  /** Windows that were much longer than asked for and taught nothing. */
  readonly stalledWindows: number
  /** Readings of a clock that went back, or was not a number. */
  readonly clockBackwards: number
  /** Windows whose objective threw or was not finite. */
  readonly objectiveErrors: number
  /** Listeners that threw. */
  readonly listenerErrors: number
  /** Ticks that found the configuration cell locked. */
  readonly cellBusy: number
}
