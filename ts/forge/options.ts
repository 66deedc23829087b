/**
 * Options of a forge and of its kernels, checked once.
 */
import { type Clock, requestClock } from '../clock.js'
import { HomeostatError, invalid } from '../errors.js'
import type { KernelConfig, Objective, Tier } from '../forge-binding.js'
import type { JournalLines, LibraryStore } from './library.js'

export interface KernelOptions {
  /** `fast`: one good schedule, by rule. `standard` (default): a budgeted search. `aggressive`: more of them for what is hot. */
  readonly tier?: Tier
  /** Who may answer. `auto` (default): whoever is faster. `gpu`: the device wherever it is right. `cpu`: the processor. */
  readonly backend?: 'auto' | 'gpu' | 'cpu'
  /**
   * What matters most of a kernel that is right: `speed` (default): the shortest run. `memory`: the least beside its tensors. `precision`:
   * the least error. Among equals the shortest run.
   */
  readonly objective?: Objective
  /** Schedules that one search measures for each group; default 22, 1 to 10000. */
  readonly evaluations?: number
  /** Share of the runs that are compared with the oracle before they are given, 0 to 1; default 0.01. */
  readonly sampling?: number
  /** Of whatever is drawn; default 1. */
  readonly seed?: number
}

/** The kernel's options here are those of kernels that bring none of their own. */
export interface ForgeOptions extends KernelOptions {
  /** `auto` (default): a GPU where there is one. `gpu`: an error where there is none. `cpu`: the processor alone. */
  readonly device?: 'auto' | 'gpu' | 'cpu'
  /** Part of an adapter's name; default: the best one, hardware before software. */
  readonly adapter?: string
  /** Share of the time that work beside the runs takes of the device while runs come in, above 0 to 1; default 0.5. */
  readonly share?: number
  /**
   * How a search finds the next schedule: names that take turns in this order, one may come several times. `model`: what the cost model
   * expects to be the fastest. `study`: the solver. `mutate`: a change of the best one. Default: model twice, study, model, mutate, study.
   */
  readonly strategies?: readonly StrategyName[]
  /**
   * Most bytes, default 2 GiB, of two things, each for itself: of the tensors of each kernel, with those that lie between its steps, and
   * of all tensors together that stay (`upload()`, `runOnDevice()`) until they are disposed of. More is `HOMEOSTAT_DEVICE_MEMORY` before
   * anything is computed. The two are not
   * added up, nor are kernels among each other.
   */
  readonly memoryMax?: number
  /**
   * What was learned before and will be: a file's path where there are files, a database's name in a browser, or a store. Default: in
   * a browser its IndexedDB (`false`: nothing is kept), elsewhere nothing.
   */
  readonly library?: string | LibraryStore | false
  /**
   * Where every decision goes, as hash-chained JSON lines; default: nowhere. With `previous`, the hash of the last line that is there, or
   * as a writer of a store, a run continues the chain of those before it.
   */
  readonly journal?: JournalLines
  /** Identifies this run in the journal; default: `forge-` and what is drawn. */
  readonly runId?: string
  /** Closes the forge when it is aborted. */
  readonly signal?: AbortSignal
  /** For tests. */
  readonly clock?: Clock
}

export type StrategyName = (typeof STRATEGIES)[number]

export interface Resolved {
  readonly device: 'auto' | 'gpu' | 'cpu'
  readonly adapter: string | undefined
  readonly kernel: KernelConfig
  readonly share: number
  readonly strategies: string
  readonly memoryMax: number
  readonly library: string | LibraryStore | false | undefined
  readonly journal: JournalLines | undefined
  readonly runId: string
  readonly signal: AbortSignal | undefined
  readonly clock: Clock
}

const MEMORY_MAX = 2 ** 31
const STRATEGIES = ['model', 'study', 'mutate'] as const
const KERNEL = ['tier', 'backend', 'objective', 'evaluations', 'sampling', 'seed'] as const
const FORGE = [
  'device',
  'adapter',
  'share',
  'strategies',
  'memoryMax',
  'library',
  'journal',
  'runId',
  'signal',
  'clock',
] as const

function number(name: string, value: number | undefined, min: number, max: number, whole = true): void {
  if (value === undefined) return
  if (typeof value !== 'number' || !(value >= min && value <= max) || (whole && !Number.isInteger(value)))
    throw invalid(name, `${whole ? 'a whole number' : 'a number'} from ${min} to ${max}`, value)
}

function oneOf<T extends string>(name: string, value: T | undefined, all: readonly T[]): void {
  if (value !== undefined && !all.includes(value)) throw invalid(name, all.map((one) => `'${one}'`).join(' or '), value)
}

/** Refuses an option that there is none of: what is misspelt would silently compute something else. */
export function known(call: string, options: object, names: readonly string[]): void {
  if (typeof options !== 'object' || options === null) throw invalid(`options of ${call}`, 'an object', options)
  const unknown = Object.keys(options).find((key) => !names.includes(key))
  if (unknown === undefined) return
  const text = `${call} has no option '${unknown}': it has ${names.join(', ')}`
  throw new HomeostatError('HOMEOSTAT_UNKNOWN_OPTION', text, { option: unknown })
}

function config(options: KernelOptions): KernelConfig {
  const { tier, backend, objective, evaluations, sampling, seed } = options
  oneOf('tier', tier, ['fast', 'standard', 'aggressive'])
  oneOf('backend', backend, ['auto', 'gpu', 'cpu'])
  oneOf('objective', objective, ['speed', 'memory', 'precision'])
  number('evaluations', evaluations, 1, 10_000)
  number('sampling', sampling, 0, 1, false)
  number('seed', seed, 0, Number.MAX_SAFE_INTEGER)
  const given = { tier, backend, objective, evaluations, sampling, seed }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

export function resolveKernel(options: KernelOptions): KernelConfig {
  known('kernel()', options, KERNEL)
  return config(options)
}

/** Two runs in one journal are told apart by it. */
function drawn(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8))
  return `forge-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

function turnsOf(names: readonly StrategyName[] | undefined): string {
  if (names === undefined) return ''
  const expected = `a list of at least one of ${STRATEGIES.map((one) => `'${one}'`).join(', ')}`
  if (!Array.isArray(names) || names.length === 0 || names.some((name) => !STRATEGIES.includes(name)))
    throw invalid('strategies', expected, names)
  return names.join(',')
}

export function resolve(options: ForgeOptions): Resolved {
  known('forge()', options, [...FORGE, ...KERNEL])
  const { device, adapter, share, memoryMax, library, journal, runId = drawn(), signal, clock } = options
  if (adapter !== undefined && (typeof adapter !== 'string' || adapter === ''))
    throw invalid('adapter', 'part of an adapter’s name', adapter)
  if (typeof runId !== 'string' || runId === '') throw invalid('runId', 'a text', runId)
  const store = typeof library === 'object' && library !== null && typeof library.load === 'function'
  if (library !== undefined && library !== false && !store && (typeof library !== 'string' || library === ''))
    throw invalid('library', 'a name, a store or false', library)
  oneOf('device', device, ['auto', 'gpu', 'cpu'])
  number('share', share, 0.001, 1, false)
  number('memoryMax', memoryMax, 1, Number.MAX_SAFE_INTEGER)
  return {
    device: device ?? 'auto',
    adapter,
    kernel: { ...config(options), memory_max: memoryMax ?? MEMORY_MAX },
    share: share ?? 0.5,
    strategies: turnsOf(options.strategies),
    memoryMax: memoryMax ?? MEMORY_MAX,
    library,
    journal,
    runId,
    signal,
    clock: clock ?? requestClock,
  }
}
