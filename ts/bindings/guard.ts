/** Calls into a generated module: errors get their codes, and a core that panicked is never entered again. */
import type { Binding } from '../binding.js'
import { fromCore, HomeostatError } from '../errors.js'

/** Whether what is behind it may still be called. */
export interface Health {
  dead: HomeostatError | undefined
}

export interface CoreOptions {
  readonly kind: Binding['kind']
  /** The text of a panic if `error` is one; undefined for an ordinary error. */
  panicText(error: unknown): string | undefined
  /** A panic leaves the whole module unusable, not only the object that it happened in. */
  readonly poisons: boolean
}

export interface Guard {
  /** A call of the module itself. */
  call<T>(work: () => T): T
  /** An object whose methods are passed through. */
  wrap<T>(methods: readonly string[], make: () => object): T
}

/** A call of what `health` is about. */
export function guarded<T>(health: Health, options: CoreOptions, work: () => T): T {
  if (health.dead !== undefined) throw health.dead
  try {
    return work()
  } catch (error) {
    throw fault(health, options, error)
  }
}

/** What a call threw, in terms of the façade; a panic ends what `health` is about. */
export function fault(health: Health, options: CoreOptions, error: unknown): HomeostatError {
  const text = options.panicText(error)
  if (text === undefined) return fromCore(error)
  const scope = options.poisons ? 'this instance of the core' : 'this object'
  health.dead = new HomeostatError('HOMEOSTAT_PANIC', `the core panicked, ${scope} cannot be used any more: ${text}`, {
    cause: error,
  })
  return health.dead
}

export function guard(options: CoreOptions): Guard {
  const shared: Health = { dead: undefined }
  return {
    call: (work) => guarded(shared, options, work),
    wrap<T>(methods: readonly string[], make: () => object): T {
      const health = options.poisons ? shared : { dead: undefined }
      const inner = guarded(health, options, make) as Record<string, (...args: unknown[]) => unknown>
      const outer: Record<string, unknown> = {}
      for (const method of methods) {
        outer[method] = (...args: unknown[]) => guarded(health, options, () => inner[method]?.(...args))
      }
      return outer as T
    },
  }
}
