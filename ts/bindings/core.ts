/**
 * Wraps the generated surface of either target into a {@link Binding}: errors get their codes, and a core that panicked is
 * never entered again.
 */
import type { Binding, Engine, Replay, Verifier } from '../binding.js'
import { fromCore, HomeostatError } from '../errors.js'

/** What both generated modules export. The two are compared by a test. */
export interface CoreModule {
  version(): string
  encodeDigest(fields: Float64Array): Uint8Array
  decodeDigest(bytes: Uint8Array): Float64Array
  Engine: new (config: string) => object
  Verifier: new () => object
  Replay: new () => object
}

/** The methods that are passed through; one table for both targets. */
export const METHODS = {
  Engine: [
    'ingest', 'closeWindow', 'readMetrics', 'decide', 'shadow', 'control', 'freeze', 'unfreeze', 'setMode', 'propose', 'trial',
    'enterSafeMode', 'acknowledge', 'rollback', 'pushed', 'stop', 'readValues', 'generation', 'queued', 'takeJournal', 'explain', 'close',
  ],
  Verifier: ['push', 'finish'],
  Replay: ['push', 'take', 'finish'],
} as const // biome-ignore format: a table

/** Whether what is behind it may still be called. */
interface Health {
  dead: HomeostatError | undefined
}

export interface CoreOptions {
  readonly kind: Binding['kind']
  /** The text of a panic if `error` is one; undefined for an ordinary error. */
  panicText(error: unknown): string | undefined
  /** A panic leaves the whole module unusable, not only the object that it happened in. */
  readonly poisons: boolean
}

export function bind(core: CoreModule, options: CoreOptions): Binding {
  const shared: Health = { dead: undefined }

  function call<T>(health: Health, work: () => T): T {
    if (health.dead !== undefined) throw health.dead
    try {
      return work()
    } catch (error) {
      const text = options.panicText(error)
      if (text === undefined) throw fromCore(error)
      const scope = options.poisons ? 'this instance of the core' : 'this tuner'
      health.dead = new HomeostatError(
        'HOMEOSTAT_PANIC',
        `the core panicked, ${scope} cannot be used any more: ${text}`,
        { cause: error },
      )
      throw health.dead
    }
  }

  function wrap<T>(methods: readonly string[], make: () => object): T {
    const health = options.poisons ? shared : { dead: undefined }
    const inner = call(health, make) as Record<string, (...args: unknown[]) => unknown>
    const outer: Record<string, unknown> = {}
    for (const method of methods) {
      outer[method] = (...args: unknown[]) => call(health, () => inner[method]?.(...args))
    }
    return outer as T
  }

  return {
    kind: options.kind,
    version: () => call(shared, () => core.version()),
    createEngine: (config) => wrap<Engine>(METHODS.Engine, () => new core.Engine(config)),
    encodeDigest: (fields) => call(shared, () => core.encodeDigest(fields)),
    decodeDigest: (bytes) => call(shared, () => core.decodeDigest(bytes)),
    createVerifier: () => wrap<Verifier>(METHODS.Verifier, () => new core.Verifier()),
    createReplay: () => wrap<Replay>(METHODS.Replay, () => new core.Replay()),
  }
}
