/** Calls into a generated module: errors get their codes, and a core that panicked is never entered again. */
import type { Binding } from '../binding.js'
import { fromCore, HomeostatError } from '../errors.js'

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

export interface Guard {
  /** A call of the module itself. */
  call<T>(work: () => T): T
  /** An object whose methods are passed through. */
  wrap<T>(methods: readonly string[], make: () => object): T
}

export function guard(options: CoreOptions): Guard {
  const shared: Health = { dead: undefined }

  function call<T>(health: Health, work: () => T): T {
    if (health.dead !== undefined) throw health.dead
    try {
      return work()
    } catch (error) {
      const text = options.panicText(error)
      if (text === undefined) throw fromCore(error)
      const scope = options.poisons ? 'this instance of the core' : 'this object'
      health.dead = new HomeostatError(
        'HOMEOSTAT_PANIC',
        `the core panicked, ${scope} cannot be used any more: ${text}`,
        { cause: error },
      )
      throw health.dead
    }
  }

  return {
    call: (work) => call(shared, work),
    wrap<T>(methods: readonly string[], make: () => object): T {
      const health = options.poisons ? shared : { dead: undefined }
      const inner = call(health, make) as Record<string, (...args: unknown[]) => unknown>
      const outer: Record<string, unknown> = {}
      for (const method of methods) {
        outer[method] = (...args: unknown[]) => call(health, () => inner[method]?.(...args))
      }
      return outer as T
    },
  }
}
