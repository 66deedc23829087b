/**
 * Wraps the generated surface of either target's reflex into a {@link ReflexBinding}.
 *
 * What is called per request goes straight to the generated method: no closure, no list of arguments. A core that panicked lets
 * every call pass from then on, since what guards a service must not be what fails it: permit 0, which nothing is counted for.
 */
import type { BreakerCore, DetectorCore, LimiterCore, QueueCore, ReflexBinding, ReflexCore } from '../reflex-binding.js'
import { type CoreOptions, fault, guarded, type Health } from './guard.js'

/** What both generated modules export. The two are compared by a test. */
export interface ReflexModule {
  version(): string
  Reflex: new (options: string, nowUs: number) => ReflexCore
  Breaker: new (options: string, nowUs: number) => BreakerCore
  Limiter: new (options: string) => LimiterCore
  Queue: new (options: string) => QueueCore
  Detector: new () => DetectorCore
}

/** The methods that are passed through; one table for both targets. The hot ones are written out below. */
export const REFLEX_METHODS = {
  Reflex: [
    'component', 'forget', 'errorClass', 'ingest', 'tick', 'shedsFrom', 'state', 'retryAfterUs', 'limit', 'setLimitBounds', 'optimised', 'operate', 'takeNotices', 'queued',
    'takeJournal', 'health', 'metrics', 'explain', 'witnesses', 'patterns', 'close',
  ],
  Breaker: ['state', 'retryAfterUs', 'operate', 'inFlight', 'takeChanges', 'explain', 'close'],
  Limiter: ['limit', 'inFlight', 'refused', 'expired', 'setBounds', 'close'],
  Queue: [
    'evicted', 'overDepth', 'expired', 'cancel', 'capacity', 'takeCapacityChanged', 'setFloor', 'length', 'lengthOf', 'close',
  ],
  Detector: ['armed', 'evidence', 'explain', 'close'],
} as const // biome-ignore format: a table
export const REFLEX_HOT = {
  Reflex: ['tryAcquire', 'tell', 'record'],
  Breaker: ['tryAcquire', 'tell'],
  Limiter: ['tryAcquire', 'release'],
  Queue: ['enqueue', 'take'],
  Detector: ['record'],
} as const

/** Never a permit: sequences start at 1. */
const PASS = 0
const NOTHING_COUNTED = 2
/** A queue that is gone is full, and empty. */
const NOBODY = -1

abstract class Hot<C> {
  readonly inner: C
  readonly pulse: Health
  readonly options: CoreOptions

  constructor(inner: C, pulse: Health, options: CoreOptions) {
    this.inner = inner
    this.pulse = pulse
    this.options = options
  }

  /** A hot call threw: it passes, as all do after a panic, and those that outlive their reflex. All else is the façade's mistake. */
  failed(error: unknown, instead: number): number {
    const known = fault(this.pulse, this.options, error)
    if (known.code === 'HOMEOSTAT_PANIC' || known.code === 'HOMEOSTAT_CLOSED') return instead
    throw known
  }
}

class HotBreaker extends Hot<BreakerCore> {
  tryAcquire(nowUs: number): number {
    if (this.pulse.dead !== undefined) return PASS
    try {
      return this.inner.tryAcquire(nowUs)
    } catch (error) {
      return this.failed(error, PASS)
    }
  }

  tell(permit: number, outcome: number, nowUs: number): number {
    if (this.pulse.dead !== undefined) return NOTHING_COUNTED
    try {
      return this.inner.tell(permit, outcome, nowUs)
    } catch (error) {
      return this.failed(error, NOTHING_COUNTED)
    }
  }
}

class HotLimiter extends Hot<LimiterCore> {
  tryAcquire(nowUs: number): number {
    if (this.pulse.dead !== undefined) return PASS
    try {
      return this.inner.tryAcquire(nowUs)
    } catch (error) {
      return this.failed(error, PASS)
    }
  }

  release(permit: number, ended: number, nowUs: number): boolean {
    if (this.pulse.dead !== undefined) return false
    try {
      return this.inner.release(permit, ended, nowUs)
    } catch (error) {
      return this.failed(error, 0) !== 0
    }
  }
}

class HotQueue extends Hot<QueueCore> {
  enqueue(tier: number, deadlineUs: number, nowUs: number): number {
    if (this.pulse.dead !== undefined) return NOBODY
    try {
      return this.inner.enqueue(tier, deadlineUs, nowUs)
    } catch (error) {
      return this.failed(error, NOBODY)
    }
  }

  take(nowUs: number): number {
    if (this.pulse.dead !== undefined) return NOBODY
    try {
      return this.inner.take(nowUs)
    } catch (error) {
      return this.failed(error, NOBODY)
    }
  }
}

class HotDetector extends Hot<DetectorCore> {
  record(nowUs: number, latencyUs: number): boolean {
    if (this.pulse.dead !== undefined) return false
    try {
      return this.inner.record(nowUs, latencyUs)
    } catch (error) {
      return this.failed(error, 0) !== 0
    }
  }
}

class HotReflex extends Hot<ReflexCore> {
  tryAcquire(component: number, tier: number, nowUs: number): number {
    if (this.pulse.dead !== undefined) return PASS
    try {
      return this.inner.tryAcquire(component, tier, nowUs)
    } catch (error) {
      return this.failed(error, PASS)
    }
  }

  tell(permit: number, outcome: number, error: number, nowUs: number): number {
    if (this.pulse.dead !== undefined) return NOTHING_COUNTED
    try {
      return this.inner.tell(permit, outcome, error, nowUs)
    } catch (thrown) {
      return this.failed(thrown, NOTHING_COUNTED)
    }
  }

  record(
    kind: number,
    flags: number,
    error: number,
    component: number,
    timeUs: number,
    request: number,
    peer: number,
    value: number,
  ): number {
    if (this.pulse.dead !== undefined) return 0
    try {
      return this.inner.record(kind, flags, error, component, timeUs, request, peer, value)
    } catch (thrown) {
      return this.failed(thrown, 0)
    }
  }
}

/** Adds the methods that are not called per request. */
function passing<C>(hot: abstract new (...args: never[]) => Hot<C>, methods: readonly string[]): void {
  for (const method of methods) {
    Object.defineProperty(hot.prototype, method, {
      value(this: Hot<Record<string, (...args: unknown[]) => unknown>>, ...args: unknown[]) {
        return guarded(this.pulse, this.options, () => this.inner[method]?.(...args))
      },
    })
  }
}
passing(HotBreaker, REFLEX_METHODS.Breaker)
passing(HotLimiter, REFLEX_METHODS.Limiter)
passing(HotQueue, REFLEX_METHODS.Queue)
passing(HotDetector, REFLEX_METHODS.Detector)
passing(HotReflex, REFLEX_METHODS.Reflex)

export function bindReflex(module: ReflexModule, options: CoreOptions): ReflexBinding {
  const shared: Health = { dead: undefined }
  const health = (): Health => (options.poisons ? shared : { dead: undefined })
  const make = <C, H>(hot: new (inner: C, pulse: Health, options: CoreOptions) => H, create: () => C): H => {
    const own = health()
    return new hot(guarded(own, options, create), own, options)
  }
  return {
    kind: options.kind,
    version: () => guarded(shared, options, () => module.version()),
    createReflex: (config, nowUs) => make(HotReflex, () => new module.Reflex(config, nowUs)) as unknown as ReflexCore,
    createBreaker: (config, nowUs) =>
      make(HotBreaker, () => new module.Breaker(config, nowUs)) as unknown as BreakerCore,
    createLimiter: (config) => make(HotLimiter, () => new module.Limiter(config)) as unknown as LimiterCore,
    createQueue: (config) => make(HotQueue, () => new module.Queue(config)) as unknown as QueueCore,
    createDetector: () => make(HotDetector, () => new module.Detector()) as unknown as DetectorCore,
  }
}
