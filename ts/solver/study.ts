/**
 * A study and where it is kept. The core holds it; its log, from which it can be read back to the last bit, goes to memory, to a
 * store that the application brings, or to a file.
 */
import type { SolverBinding, SolverCore, StudyConfig } from '../binding.js'
import { HomeostatError, invalid, isHomeostatError } from '../errors.js'
import * as check from '../schema/checks.js'

export interface Study {
  /** For questions that change nothing. */
  readonly core: SolverCore
  /** Runs `work` on the study as it is now. What it changed is kept when this returns, or when {@link flush} is done. */
  change<T>(work: (core: SolverCore) => T): T
  /** Undefined where everything is kept already. */
  flush(): Promise<void> | undefined
  /** Open trials that others evaluate at this moment. */
  claimed(): ReadonlySet<number>
  /** Says which open trials this process evaluates now. Within {@link change}. */
  claim(trials: Iterable<number>): void
  /** The whole log. */
  text(): string
  /** Ends when what held the study for this run is given back. */
  close(): void | Promise<void>
}

/** Keeps a study's log outside of this process. */
export interface StudyStore {
  /** What was kept so far; undefined or empty for a new study. */
  load(): string | Uint8Array | undefined | Promise<string | Uint8Array | undefined>
  /** Adds whole lines at the end. The run waits for it before it goes on; when it fails, the run ends with its error. */
  append(lines: string): void | Promise<void>
  /** Keeps this instead of everything so far: called once, where what was loaded ends in the middle of a line. */
  replace?(text: string): void | Promise<void>
  /** The run is over: whatever was held for it can be given back. A failure here changes nothing. */
  close?(): void | Promise<void>
}

const NOBODY: ReadonlySet<number> = new Set()
/** Without a store the core keeps the log of so many changes before it is taken: crossing the seam costs more than the lines. */
const CHANGES_MAX = 256

/** A study whose log is in memory, and in a store if there is one. */
export class MemoryStudy implements Study {
  readonly core: SolverCore
  readonly #store: StudyStore | undefined
  readonly #chunks: string[] = []
  readonly #decoder = new TextDecoder()
  #changes = 0
  #writing: Promise<void> | undefined
  #failure: HomeostatError | undefined

  /** @param text what the core was read from. */
  constructor(core: SolverCore, text: string, store?: StudyStore) {
    this.core = core
    this.#store = store
    if (text !== '') this.#chunks.push(text)
    this.#keep()
  }

  change<T>(work: (core: SolverCore) => T): T {
    try {
      return work(this.core)
    } finally {
      if (this.#store !== undefined || ++this.#changes % CHANGES_MAX === 0) this.#keep()
    }
  }

  flush(): Promise<void> | undefined {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    return this.#writing
  }

  claimed(): ReadonlySet<number> {
    return NOBODY
  }

  claim(): void {}

  text(): string {
    this.#keep()
    return this.#chunks.join('')
  }

  close(): void | Promise<void> {
    this.core.close()
    if (this.#store?.close === undefined) return
    return endStore(this.#store, this.#writing)
  }

  #keep(): void {
    const bytes = this.core.takeLog()
    if (bytes.length === 0) return
    const lines = this.#decoder.decode(bytes)
    this.#chunks.push(lines)
    const store = this.#store
    if (store === undefined || this.#failure !== undefined) return
    // One after the other, so that lines stay in order.
    const before = this.#writing
    const write = async (): Promise<void> => {
      await before
      await store.append(lines)
    }
    const writing = write().then(
      () => {
        if (this.#writing === writing) this.#writing = undefined
      },
      (error) => {
        this.#failure ??= notKept(error)
        throw this.#failure
      },
    )
    writing.catch(() => {})
    this.#writing = writing
  }
}

async function endStore(store: StudyStore, writing?: Promise<void>): Promise<void> {
  try {
    await writing
  } catch {
    // The run has this error already.
  }
  try {
    await store.close?.()
  } catch {
    // What was kept is kept.
  }
}

function notKept(cause: unknown): HomeostatError {
  if (isHomeostatError(cause)) return cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new HomeostatError('HOMEOSTAT_STUDY_IO', `the study could not be kept: ${reason}`, { cause })
}

const HEADER = '{"format":"homeostat-study"'

/** Reads a study back from its log. `dropped`: bytes of an incomplete last line that were left out. */
export function readStudy(binding: SolverBinding, option: string, log: unknown, config: StudyConfig) {
  const bytes = typeof log === 'string' ? new TextEncoder().encode(log) : log
  if (!(bytes instanceof Uint8Array)) throw invalid(option, "a study's log, text or bytes", log)
  const end = bytes.lastIndexOf(10) + 1
  const whole = new TextDecoder().decode(bytes.subarray(0, end))
  if (!whole.startsWith(HEADER)) {
    throw new HomeostatError('HOMEOSTAT_STUDY_FORMAT', `${option} is not the log of a study`, { option })
  }
  agree(option, headerOf(binding, config), JSON.parse(whole.slice(0, whole.indexOf('\n'))).config)
  const reader = binding.createStudyReader()
  reader.push(bytes.subarray(0, end))
  return { core: reader.finish(), text: whole, dropped: bytes.length - end }
}

/** A configuration as the core writes it, defaults filled in. */
export function headerOf(binding: SolverBinding, config: StudyConfig): StudyConfig {
  const core = binding.createSolver(JSON.stringify(config))
  try {
    return JSON.parse(new TextDecoder().decode(core.takeLog())).config
  } finally {
    core.close()
  }
}

/** What may change while a study goes on: how long it runs, and how many evaluate at once. */
const FREE = ['budget', 'batch_size']

/** Throws `HOMEOSTAT_STUDY_CONFIG` where a study was made with another configuration. */
export function agree(study: string, given: StudyConfig, present: StudyConfig): void {
  const keys = new Set([...Object.keys(given), ...Object.keys(present)]) as Set<keyof StudyConfig>
  for (const key of keys) {
    if (FREE.includes(key)) continue
    const [here, there] = [given[key], present[key]].map((value) => JSON.stringify(value) ?? 'nothing')
    if (here === there) continue
    throw new HomeostatError(
      'HOMEOSTAT_STUDY_CONFIG',
      `${study} was made with another configuration (${difference(key, given, present)}): go on with that one, or begin anew`,
      { option: OPTION[key] ?? key, received: given[key] },
    )
  }
}

/** What options are called here, where the log has another name. */
const OPTION: Partial<Record<keyof StudyConfig, string>> = {
  bounds: 'space',
  negated: 'maximize',
  probe_ratio: 'probeRatio',
  strategy_params: 'strategyParams',
}

function difference(key: keyof StudyConfig, given: StudyConfig, present: StudyConfig): string {
  const text = (value: unknown): string => JSON.stringify(value) ?? 'nothing'
  if (key === 'negated') return `maximize: ${given.negated ?? false}, it has ${present.negated ?? false}`
  if (key !== 'bounds') return `${OPTION[key] ?? key}: ${text(given[key])}, it has ${text(present[key])}`
  const names = [...new Set([...Object.keys(given.bounds), ...Object.keys(present.bounds)])]
  const other = names.find((name) => text(given.bounds[name]) !== text(present.bounds[name]))
  if (other === undefined) return 'the same knobs in another order'
  return `knob ${other}: ${text(given.bounds[other])}, it has ${text(present.bounds[other])}`
}

/** Opens what a store keeps, or begins a study there. */
export async function openStore(binding: SolverBinding, config: StudyConfig, store: StudyStore): Promise<Study> {
  try {
    return await loadStore(binding, config, store)
  } catch (error) {
    await endStore(store)
    throw error
  }
}

async function loadStore(binding: SolverBinding, config: StudyConfig, store: StudyStore): Promise<Study> {
  let log: string | Uint8Array | undefined
  try {
    log = await store.load()
  } catch (error) {
    throw notKept(error)
  }
  const begun = log !== undefined && log.length > 0 && (typeof log === 'string' ? log.includes('\n') : log.includes(10))
  if (!begun) {
    if (log !== undefined && log.length > 0) await replace(store, '')
    return new MemoryStudy(binding.createSolver(JSON.stringify(config)), '', store)
  }
  const { core, text, dropped } = readStudy(binding, 'checkpoint', log, config)
  try {
    if (dropped > 0) await replace(store, text)
    return new MemoryStudy(core, text, store)
  } catch (error) {
    core.close()
    throw error
  }
}

async function replace(store: StudyStore, text: string): Promise<void> {
  if (store.replace === undefined) {
    throw new HomeostatError(
      'HOMEOSTAT_STUDY_MALFORMED',
      'checkpoint ends in the middle of a line: give the store a replace(text), which cuts it off',
      { option: 'checkpoint.replace' },
    )
  }
  try {
    await store.replace(text)
  } catch (error) {
    throw notKept(error)
  }
}

/** Whether a value can keep a study. */
export function isStore(value: unknown): value is StudyStore {
  const store = value as Partial<StudyStore> | null
  if (typeof store !== 'object' || store === null) return false
  if (typeof store.load !== 'function' || typeof store.append !== 'function') return false
  if (store.replace !== undefined) check.fn('checkpoint.replace', store.replace)
  return true
}
