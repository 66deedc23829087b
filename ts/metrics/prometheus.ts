/**
 * Metrics in the application's own registry of `prom-client` 15, read when it is scraped. The registry is given, so that
 * there is no second copy of the package, and none where it is not used.
 */
import { HomeostatError, invalid } from '../errors.js'
import * as check from '../schema/checks.js'
import { Changes, type CountedSample } from './changes.js'
import { type Decision, follow, type TraceLike } from './decisions.js'
import { FAMILIES, type Family, PREFIX, type Sample } from './families.js'
import { SOURCE_KEYS, type SourceOptions, Sources } from './sources.js'

/** A registry of `prom-client`: `register`, or a `Registry` of your own. */
export interface RegistryLike {
  registerMetric(metric: never): void
  removeSingleMetric(name: string): void
  getSingleMetric(name: string): unknown
  readonly contentType: string
}

export interface PrometheusOptions extends SourceOptions {
  readonly registry: RegistryLike
  /** `trace` of `@opentelemetry/api`: decisions know the trace that triggered them, and OpenMetrics registries show it as exemplar. */
  readonly trace?: TraceLike | undefined
  /** Told of every decision, with its trace: for a log. One that throws is counted by the tuner as a listener that did. */
  readonly onDecision?: ((decision: Decision) => void) | undefined
}

/** What stands between the application and its exporter. */
export interface Exporter {
  /** Takes all of it out again. Safe to call twice. */
  close(): void
  [Symbol.dispose](): void
}

const KEYS = [...SOURCE_KEYS, 'registry', 'trace', 'onDecision'] as const
const OPENMETRICS = 'application/openmetrics-text'
/** Gauges that add up over the processes of a cluster; of the others the largest tells most. */
const ADDITIVE = /_(?:items|entries|calls)$/

/** As much of a metric as a registry asks for. */
class RegisteredFamily {
  readonly help: string
  readonly type: Family['type']
  readonly labelNames: readonly string[]
  readonly aggregator: 'sum' | 'max'
  /** In the registry, whatever it is called in an exposition. */
  readonly key: string
  /** Before, its name is its key, as that of every metric is. */
  registered = false
  readonly #family: Family
  readonly #sources: Sources
  readonly #registry: RegistryLike

  constructor(family: Family, sources: Sources, registry: RegistryLike) {
    this.help = family.help
    this.type = family.type
    this.labelNames = family.labels
    this.aggregator = family.type === 'counter' || ADDITIVE.test(family.name) ? 'sum' : 'max'
    this.key = `${PREFIX}${family.name}${family.type === 'counter' ? '_total' : ''}`
    this.#family = family
    this.#sources = sources
    this.#registry = registry
  }

  get name(): string {
    const open = this.registered && this.#registry.contentType.startsWith(OPENMETRICS)
    return open ? `${PREFIX}${this.#family.name}` : this.key
  }

  /** The registry shortens names of counters for OpenMetrics, and would leave them so. */
  set name(_: string) {}

  async get() {
    const { name, help, type, aggregator } = this
    const samples: (Sample & Partial<CountedSample>)[] = this.#family.read(await this.#sources.read())
    const values = samples.map(({ labels, value, trigger, atSeconds }) => ({
      labels,
      value,
      ...(trigger !== undefined && { exemplar: { labelSet: exemplarOf(trigger), value: 1, timestamp: atSeconds } }),
    }))
    return { name, help, type, aggregator, values }
  }

  /** What it shows is not its own to forget. */
  reset(): void {}
}

const exemplarOf = ({ traceId, spanId }: { traceId: string; spanId: string }) => ({
  trace_id: traceId,
  span_id: spanId,
})

/**
 * Puts everything into the registry: `prometheus({ registry: register, tuners: [tuner], reflex, queues: { jobs } })`. Throws
 * `HOMEOSTAT_DUPLICATE_NAME` where the registry has a metric of such a name, and leaves it as it was.
 */
export function prometheus(options: PrometheusOptions): Exporter {
  check.onlyKeys('prometheus', check.object('prometheus', options), KEYS)
  const { registry, trace, onDecision } = options
  if (typeof registry?.registerMetric !== 'function')
    throw invalid('registry', 'a registry of prom-client, such as its `register`', registry)
  if (trace !== undefined && typeof trace.getActiveSpan !== 'function')
    throw invalid('trace', 'the `trace` of @opentelemetry/api', trace)
  if (onDecision !== undefined) check.fn('onDecision', onDecision)
  const sources = new Sources(options)
  const changes = new Changes(sources)
  const metrics = [...FAMILIES, ...changes.families].map((family) => new RegisteredFamily(family, sources, registry))
  const taken = metrics.find(({ key }) => registry.getSingleMetric(key) !== undefined)
  if (taken !== undefined) {
    sources.close()
    throw new HomeostatError('HOMEOSTAT_DUPLICATE_NAME', `the registry has a metric ${taken.key} already`, {
      option: 'registry',
      received: taken.key,
    })
  }
  for (const metric of metrics) {
    registry.registerMetric(metric as never)
    metric.registered = true
  }
  const stop = follow(sources, trace, (decision) => {
    changes.take(decision)
    onDecision?.(decision)
  })
  const close = (): void => {
    stop()
    sources.close()
    // Not what somebody else put there since.
    for (const metric of metrics)
      if (registry.getSingleMetric(metric.key) === metric) registry.removeSingleMetric(metric.key)
  }
  return { close, [Symbol.dispose]: close }
}
