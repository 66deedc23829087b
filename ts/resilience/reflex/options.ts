/**
 * Options of `reflex()`, brought into the core's terms.
 */
import type { Clock } from '../../clock.js'
import { invalid } from '../../errors.js'
import type { JournalSink } from '../../journal/sink.js'
import * as check from '../../schema/checks.js'
import type { BytesInput, DurationInput } from '../../units.js'
import { BREAKER_KEYS, type BreakerOptions, breakerConfig, type FailureOptions } from '../breaker-options.js'
import { type LimiterOptions, type LimitKind, limiterConfig } from '../limiter.js'
import { checkFailureOptions, resolveClock } from '../resolve.js'

/** When failures of several components are one cascade, and what is done about it. */
export interface CascadeOptions {
  /** Window of the error rates. 1 ms to 1 h; default '10s'. */
  readonly window?: DurationInput | undefined
  /** A component is affected from this share of errors on. 1e-6 to 1; default 0.5. */
  readonly errorRate?: number | undefined
  /** Calls in the window before its rate counts. 1 to 1e6; default 10. */
  readonly minimumCalls?: number | undefined
  /** Affected components that make a cascade. 2 to 10000; default 3. */
  readonly minComponents?: number | undefined
  /** Largest share of all components whose breakers are open at once by the reflex's doing. 0 to 1; default 0.5. */
  readonly maxOpenShare?: number | undefined
  /**
   * Which breakers it opens: `affected` of all affected but where requests enter; `roots` of those that no affected callee explains,
   * so that what does not need them is served; `nothing`: load is shed, and the witness says the rest. Default `affected`.
   */
  readonly opens?: 'affected' | 'roots' | 'nothing' | undefined
  /** How long they stay open at least. 1 us to 1 h; default '5s'. */
  readonly openFor?: DurationInput | undefined
  /** How much longer each than the one before, so that they come back one by one. 0 to 1 h; default '1s'. */
  readonly stagger?: DurationInput | undefined
  /** Quiet time before each stage of recovery. 1 us to 1 h; default '5s'. */
  readonly stage?: DurationInput | undefined
}

export interface ReflexOptions {
  /** Breaker of components that bring no options of their own. */
  readonly breaker?: BreakerOptions | undefined
  /** Limit of components that bring no options of their own. Default: none. */
  readonly limit?: LimiterOptions | LimitKind | number | undefined
  readonly cascade?: CascadeOptions | undefined
  /** Most components; the least recently used that is idle and closed gives way. 1 to 16384; default 4096. */
  readonly components?: number | undefined
  /** Most permits that are out at once. 1 to 2^20; default 65536. */
  readonly permits?: number | undefined
  /** Most requests whose calls are followed at once; the oldest gives way. 1 to 2^20; default 4096. */
  readonly traces?: number | undefined
  /** Most call patterns. 1 to 65536; default 1024. */
  readonly patterns?: number | undefined
  /** Components whose latency is watched for regressions, the first ones. 0 to 16384; default 256. */
  readonly detectors?: number | undefined
  /** Of all jitter. 0 to 2^53 - 1; default random. */
  readonly seed?: number | undefined
  /** Identifies the run in the journal: 1 to 64 of A-Z a-z 0-9 _ -. Default 'reflex'. */
  readonly runId?: string | undefined
  /** Where the journal goes: in memory, the newest so many bytes (64 KiB to 256 MiB), or a sink. Default 1 MiB in memory. */
  readonly journal?: { readonly memory: BytesInput } | JournalSink | undefined
  /** `auto`: time passes by itself, every 100 ms, on a timer that keeps nothing alive. `manual`: call `tick()`. Default `auto`. */
  readonly tick?: 'auto' | 'manual' | undefined
  /** Events that wait in memory between ticks. 16 to 65536; default 4096. */
  readonly ring?: number | undefined
  /** Monotonic clock. Default: the runtime's. */
  readonly clock?: Clock | undefined
}

export interface ComponentOptions extends BreakerOptions, FailureOptions {
  /** Bounds the calls in flight; `false`: nothing does. Default: as the reflex says. */
  readonly limit?: LimiterOptions | LimitKind | number | false | undefined
  /** Stays although others need room. Default false. */
  readonly pinned?: boolean | undefined
}

export interface ResolvedReflex {
  readonly config: Readonly<Record<string, unknown>>
  readonly clock: Clock
  readonly sink: JournalSink | undefined
  readonly memory: number
  readonly manual: boolean
  readonly ring: number
}

const KEYS = [
  'breaker', 'limit', 'cascade', 'components', 'permits', 'traces', 'patterns', 'detectors', 'seed', 'runId', 'journal', 'tick', 'ring', 'clock',
] as const // biome-ignore format: a table
const HOUR_US = 3600e6
const MIB = 2 ** 20

type Row = readonly [string, string, check.NumberRange, 'number' | 'whole' | 'duration']
const CASCADE: readonly Row[] = [
  ['window', 'window_us', { min: 1000, max: HOUR_US }, 'duration'],
  ['errorRate', 'error_rate', { min: 1e-6, max: 1 }, 'number'],
  ['minimumCalls', 'minimum_calls', { min: 1, max: 1e6 }, 'whole'],
  ['minComponents', 'min_components', { min: 2, max: 10_000 }, 'whole'],
  ['maxOpenShare', 'max_open_share', { min: 0, max: 1 }, 'number'],
  ['openFor', 'open_us', { min: 1, max: HOUR_US }, 'duration'],
  ['stagger', 'stagger_us', { min: 0, max: HOUR_US }, 'duration'],
  ['stage', 'stage_us', { min: 1, max: HOUR_US }, 'duration'],
]
const BOUNDS: readonly Row[] = [
  ['components', 'components', { min: 1, max: 16_384 }, 'whole'],
  ['permits', 'permits', { min: 1, max: MIB }, 'whole'],
  ['traces', 'traces', { min: 1, max: MIB }, 'whole'],
  ['patterns', 'patterns', { min: 1, max: 65_536 }, 'whole'],
  ['detectors', 'detectors', { min: 0, max: 16_384 }, 'whole'],
  ['seed', 'seed', { min: 0, max: Number.MAX_SAFE_INTEGER }, 'whole'],
]

function rows(at: string, given: Readonly<Record<string, unknown>>, table: readonly Row[]): Record<string, number> {
  const config: Record<string, number> = {}
  for (const [key, name, range, kind] of table) {
    if (given[key] !== undefined) config[name] = check.scaled(at + key, given[key], range, kind)
  }
  return config
}

export function resolveReflex(options: ReflexOptions, randomSeed: () => number): ResolvedReflex {
  const o = check.object('reflex', options) as ReflexOptions & Record<string, unknown>
  check.onlyKeys('reflex', o, KEYS)
  const cascade = check.object('reflex.cascade', o.cascade ?? {})
  check.onlyKeys('reflex.cascade', cascade, [...CASCADE.map(([key]) => key), 'opens'])
  const breaker = check.object('reflex.breaker', o.breaker ?? {}) as BreakerOptions
  check.onlyKeys('reflex.breaker', breaker, BREAKER_KEYS)
  const { journal = { memory: MIB } } = o
  const sink = 'memory' in check.object('reflex.journal', journal) ? undefined : (journal as JournalSink)
  if (sink !== undefined)
    for (const key of ['room', 'write', 'close'] as const) check.fn(`reflex.journal.${key}`, sink[key])
  return {
    config: {
      ...(o.runId === undefined ? {} : { run_id: runId(o.runId) }),
      ...(sink?.previous === undefined ? {} : { previous: sink.previous }),
      seed: randomSeed(),
      ...rows('reflex.', o, BOUNDS),
      breaker: breakerConfig('reflex.breaker', breaker),
      ...(o.limit === undefined ? {} : { limiter: limiterConfig('reflex.limit', o.limit) }),
      cascade: {
        ...rows('reflex.cascade.', cascade, CASCADE),
        opens: check.oneOf('reflex.cascade.opens', cascade.opens, ['affected', 'roots', 'nothing'], 'affected'),
      },
    },
    clock: resolveClock(o.clock),
    sink,
    memory:
      sink === undefined
        ? check.bytes('reflex.journal.memory', (journal as { memory: unknown }).memory, { min: 65_536, max: 2 ** 28 })
        : 0,
    manual: check.oneOf('reflex.tick', o.tick, ['auto', 'manual'], 'auto') === 'manual',
    ring: check.number('reflex.ring', o.ring, { min: 16, max: 65_536, whole: true, fallback: 4096 }),
  }
}

function runId(value: unknown): string {
  if (typeof value !== 'string' || !/^[A-Za-z0-9_-]{1,64}$/.test(value))
    throw invalid('reflex.runId', '1 to 64 of A-Z a-z 0-9 _ -', value)
  return value
}

/** The core's options of a component; empty where it has none of its own. */
export function componentConfig(options: ComponentOptions, at = 'component'): string {
  const o = check.object(at, options) as ComponentOptions
  check.onlyKeys(at, o, [...BREAKER_KEYS, 'isFailure', 'isFailureResult', 'limit', 'pinned'])
  checkFailureOptions(at, o)
  const breaker = breakerConfig(at, o)
  const config = {
    ...(Object.keys(breaker).length === 0 ? {} : { breaker }),
    ...(o.limit === undefined ? {} : { limiter: o.limit === false ? null : limiterConfig(`${at}.limit`, o.limit) }),
    ...(check.boolean(`${at}.pinned`, o.pinned, false) ? { pinned: true } : {}),
  }
  return Object.keys(config).length === 0 ? '' : JSON.stringify(config)
}
