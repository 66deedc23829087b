/**
 * Knobs as flags. A flag's key is the knob's name, or `tuner.knob`; the key of a tuner's name is an object of all its knobs. Durations
 * are milliseconds. An evaluation is a memory read and never asks anybody: the context is not looked at.
 */
import {
  ErrorCode,
  type EvaluationContext,
  type JsonValue,
  OpenFeatureEventEmitter,
  type Provider,
  ProviderEvents,
  type ResolutionDetails,
  type TrackingEventDetails,
} from '@openfeature/server-sdk'
import { invalid } from '../errors.js'
import type { Tuner } from '../tuner/tuner.js'

/** A tuner of whatever knobs and signals. */
// biome-ignore lint/suspicious/noExplicitAny: a tuner has type parameters of its own
export type AnyTuner = Tuner<any, any>

type Value = number | string | boolean
type Kind = 'number' | 'string' | 'boolean' | 'object'
type Report = (value?: number) => void

interface Flag {
  readonly tuner: AnyTuner
  /** Undefined: all knobs of the tuner. */
  readonly knob: string | undefined
  readonly kind: Kind
}

/** After these the values may be others. */
const MOVES = ['applied', 'rolledBack', 'control', 'stopped'] as const

export class HomeostatProvider implements Provider {
  readonly metadata = { name: 'homeostat' } as const
  readonly runsOn = 'server' as const
  readonly events = new OpenFeatureEventEmitter()
  readonly #tuners: readonly AnyTuner[]
  readonly #flags = new Map<string, Flag>()
  readonly #seen = new Map<string, Value>()
  readonly #stops: (() => void)[] = []

  /** Throws `HOMEOSTAT_INVALID_OPTION` for what is no tuner, `HOMEOSTAT_DUPLICATE_NAME` for tuners of one name. */
  constructor(...tuners: readonly AnyTuner[]) {
    if (tuners.length === 0 || tuners.some((one) => typeof one?.explain !== 'function'))
      throw invalid('tuners', 'one tuner or more, made by homeostat()', tuners)
    const names = tuners.map(({ name }) => name)
    if (new Set(names).size < names.length)
      throw invalid('tuners', 'of different names', names.join(', '), 'HOMEOSTAT_DUPLICATE_NAME')
    this.#tuners = tuners
    this.#declare()
    for (const tuner of tuners) this.#stops.push(...this.#follow(tuner))
  }

  resolveBooleanEvaluation(key: string, fallback: boolean): Promise<ResolutionDetails<boolean>> {
    return this.#resolve(key, fallback, 'boolean')
  }

  resolveStringEvaluation(key: string, fallback: string): Promise<ResolutionDetails<string>> {
    return this.#resolve(key, fallback, 'string')
  }

  resolveNumberEvaluation(key: string, fallback: number): Promise<ResolutionDetails<number>> {
    return this.#resolve(key, fallback, 'number')
  }

  resolveObjectEvaluation<T extends JsonValue>(key: string, fallback: T): Promise<ResolutionDetails<T>> {
    return this.#resolve(key, fallback, 'object')
  }

  /** What the application tracks is a sample of the signal of that name: `client.track('latency', {}, { value: 12.5 })`. */
  track(name: string, _context: EvaluationContext, details: TrackingEventDetails): void {
    for (const { config, signals } of this.#tuners)
      if (config.signals.some((one) => one.name === name)) (signals[name] as Report)(details.value)
  }

  /** Stops following the tuners, which go on. */
  async onClose(): Promise<void> {
    for (const stop of this.#stops.splice(0)) stop()
  }

  /** A name that several tuners have belongs to none of them; `tuner.knob` always means one. */
  #declare(): void {
    const short = new Map<string, Flag | undefined>()
    for (const tuner of this.#tuners) {
      this.#flags.set(tuner.name, { tuner, knob: undefined, kind: 'object' })
      for (const { name: knob } of tuner.config.knobs) {
        const value = tuner.knobs[knob] as Value
        const flag: Flag = { tuner, knob, kind: typeof value as Kind }
        this.#flags.set(`${tuner.name}.${knob}`, flag)
        this.#seen.set(`${tuner.name}.${knob}`, value)
        short.set(knob, short.has(knob) ? undefined : flag)
      }
    }
    for (const [key, flag] of short) if (flag !== undefined && !this.#flags.has(key)) this.#flags.set(key, flag)
  }

  #follow(tuner: AnyTuner): (() => void)[] {
    const failed = tuner.on('failed', ({ error }) => {
      this.#tell(tuner)
      // The knobs are at their initial values, which are safe to read: old rather than wrong.
      this.events.emit(ProviderEvents.Stale, { message: error.message })
    })
    return [failed, ...MOVES.map((type) => tuner.on(type, () => this.#tell(tuner)))]
  }

  #tell(tuner: AnyTuner): void {
    const flagsChanged: string[] = []
    for (const { name: knob } of tuner.config.knobs) {
      const key = `${tuner.name}.${knob}`
      const value = tuner.knobs[knob] as Value
      if (this.#seen.get(key) === value) continue
      this.#seen.set(key, value)
      flagsChanged.push(key)
      if (this.#flags.get(knob)?.tuner === tuner) flagsChanged.push(knob)
    }
    if (flagsChanged.length === 0) return
    flagsChanged.push(tuner.name)
    this.events.emit(ProviderEvents.ConfigurationChanged, { flagsChanged })
  }

  async #resolve<T>(key: string, fallback: T, kind: Kind): Promise<ResolutionDetails<T>> {
    const flag = this.#flags.get(key)
    if (flag === undefined) return refused(fallback, ErrorCode.FLAG_NOT_FOUND, `there is no knob ${quoted(key)}`)
    if (flag.kind !== kind)
      return refused(fallback, ErrorCode.TYPE_MISMATCH, `${quoted(key)} is of type ${flag.kind}, not ${kind}`)
    const { tuner, knob } = flag
    const { generation } = tuner
    const value = knob === undefined ? { ...tuner.snapshot().values } : tuner.knobs[knob]
    const off = tuner.controlWord === 'off' || tuner.failure !== undefined
    return {
      value: value as T,
      variant: `generation-${generation}`,
      // Off, or failed: the values that the tuner was made with.
      reason: off ? 'DEFAULT' : 'TUNED',
      flagMetadata: { tuner: tuner.name, generation, mode: tuner.mode },
    }
  }
}

const quoted = (key: string): string => JSON.stringify(key.slice(0, 128))

function refused<T>(value: T, errorCode: ErrorCode, errorMessage: string): ResolutionDetails<T> {
  return { value, errorCode, errorMessage, reason: 'ERROR' }
}
