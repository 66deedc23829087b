/**
 * What is measured: the tuners, the reflex and the queues of a process, read once for every scrape or export.
 */
import { invalid, isHomeostatError } from '../errors.js'
import type { JournalSinkStats } from '../journal/sink.js'
import type { Health, Reflex } from '../resilience/reflex/reflex.js'
import * as check from '../schema/checks.js'
import type { TunerEvent } from '../tuner/events.js'
import type { Counters, Explanation } from '../tuner/explain.js'
import { RecentObjective } from '../tuner/recent-objective.js'
import type { Tuner } from '../tuner/tuner.js'
import { COMPONENTS, FirstNames } from './first-names.js'

/** A tuner of whatever knobs and signals. */
// biome-ignore lint/suspicious/noExplicitAny: a tuner has type parameters of its own
export type AnyTuner = Tuner<any, any>

/** A queue or scheduler of `homeostat/flow`, or one's own. */
export interface MeasuredQueue {
  /** What upstream should send, as a share of the usual. */
  readonly capacity: number
  /** Items that wait. */
  readonly size?: number
  sizeOf?(tier: number): number
  readonly stats?: {
    readonly running?: number
    readonly waiting?: number
    readonly refused?: number
    readonly dropped?: number
  }
}

export interface SourceOptions {
  /** Tuners of this process, of different names. */
  readonly tuners?: readonly AnyTuner[] | undefined
  /** The reflex of this process. */
  readonly reflex?: Reflex | undefined
  /** Queues and schedulers by name. */
  readonly queues?: Readonly<Record<string, MeasuredQueue>> | undefined
  /**
   * Components that get series of their own: the first so many that were seen, for as long as this is open, so that names which
   * come and go, such as origins, cannot fill a time series database. 0 to 4096; default 128. How many were left out is measured.
   */
  readonly components?: number | undefined
}

export const SOURCE_KEYS = ['tuners', 'reflex', 'queues', 'components'] as const

/** The last window, as far as it said something. */
interface LastWindow {
  readonly constraintMargin: number | null
}

/** What is read of a tuner of this process, or is known of one of another. */
export interface MeasuredTuner {
  readonly name: string
  readonly generation: number
  readonly mode: string
  readonly controlWord: string
  /** Set where its loop stopped for good. */
  readonly failure?: unknown
  /** Those that are known. */
  counters(): Partial<Counters>
  /** Undefined where another process writes it. */
  readonly journal?: { readonly failure?: unknown; readonly stats: Pick<JournalSinkStats, 'failures' | 'written'> }
}

export type MeasuredKnob = Pick<Explanation['knobs'][number], 'name' | 'value' | 'baseline' | 'unit' | 'frozen'>

export interface TunerReading {
  readonly tuner: MeasuredTuner
  /** Undefined where the core has never answered. */
  readonly core:
    | (Pick<Explanation, 'windows' | 'valid_windows' | 'safe_mode_entries' | 'journal'> & {
        readonly safe_mode: object | null
        readonly knobs: readonly MeasuredKnob[]
      })
    | undefined
  readonly objective: RecentObjective['state']
  readonly window: LastWindow | undefined
}

export type MeasuredComponent = Pick<Health['componentStates'][number], 'component' | 'calls' | 'errors' | 'p99Us'> & {
  readonly breaker: { readonly state: string }
}

/** What the table of metrics is read from: by exporters here, by the server from its state. */
export interface Reading {
  readonly tuners: readonly TunerReading[]
  readonly reflex:
    | Pick<
        Health,
        'components' | 'openBreakers' | 'inFlight' | 'shedFromTier' | 'cascades' | 'violations' | 'events' | 'dropped'
      >
    | undefined
  readonly queues: readonly (readonly [string, MeasuredQueue])[]
  /** The components that have series of their own. */
  readonly components: readonly MeasuredComponent[]
  readonly componentsOmitted: number
}

class Followed {
  readonly #tuner: AnyTuner
  readonly #objective = new RecentObjective()
  readonly stop: () => void
  #window: LastWindow | undefined
  #core: Explanation | undefined

  constructor(tuner: AnyTuner) {
    this.#tuner = tuner
    this.stop = tuner.on('window', ({ payload }: TunerEvent) => {
      const { objective, validity, constraint_margin: margin } = payload
      if (validity === 'valid' && Number.isFinite(objective)) this.#objective.take(objective as number)
      this.#window = { constraintMargin: Number.isFinite(margin) ? (margin as number) : null }
    })
  }

  async read(): Promise<TunerReading> {
    try {
      this.#core = await this.#tuner.explain()
    } catch (error) {
      // Closed or dead: what it said last stands.
      if (!isHomeostatError(error)) throw error
    }
    return { tuner: this.#tuner, core: this.#core, objective: this.#objective.state, window: this.#window }
  }
}

export class Sources {
  readonly tuners: readonly AnyTuner[]
  readonly reflex: Reflex | undefined
  readonly #followed: readonly Followed[]
  readonly #queues: readonly (readonly [string, MeasuredQueue])[]
  readonly #components: FirstNames
  #health: Health | undefined
  #reading: Promise<Reading> | undefined

  constructor(options: SourceOptions) {
    const { tuners = [], reflex, queues = {} } = options
    if (!Array.isArray(tuners) || tuners.some((one) => typeof one?.explain !== 'function'))
      throw invalid('tuners', 'an array of tuners, made by homeostat()', tuners)
    const names = tuners.map(({ name }) => name)
    if (new Set(names).size < names.length)
      throw invalid('tuners', 'of different names', names.join(', '), 'HOMEOSTAT_DUPLICATE_NAME')
    if (reflex !== undefined && typeof reflex?.health !== 'function')
      throw invalid('reflex', 'made by reflex()', reflex)
    for (const [name, queue] of Object.entries(check.object('queues', queues)))
      if (!('capacity' in check.object(`queues.${name}`, queue)))
        throw invalid(`queues.${name}`, 'what has a capacity', queue)
    const range = { min: 0, max: 4096, whole: true, fallback: COMPONENTS }
    this.#components = new FirstNames(check.number('components', options.components, range))
    this.tuners = tuners
    this.reflex = reflex
    this.#queues = Object.entries(queues)
    this.#followed = tuners.map((one) => new Followed(one))
  }

  /** Whether a component has series of its own. */
  labelled(component: string): boolean {
    return this.#components.take(component)
  }

  /** Whoever asks while somebody has asked already gets the same reading: a scrape asks once for every metric. */
  read(): Promise<Reading> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  async #read(): Promise<Reading> {
    const tuners = await Promise.all(this.#followed.map((one) => one.read()))
    try {
      this.#health = this.reflex?.health() ?? undefined
    } catch {
      // Closed: what it said last stands.
    }
    const reflex = this.#health
    const states = reflex?.componentStates ?? []
    const components = states.filter(({ component }) => this.labelled(component))
    return {
      tuners,
      reflex,
      queues: this.#queues,
      components,
      componentsOmitted: (reflex?.components ?? 0) - components.length,
    }
  }

  close(): void {
    for (const { stop } of this.#followed) stop()
  }
}
