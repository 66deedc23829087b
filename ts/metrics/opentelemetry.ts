/**
 * The same metrics through `@opentelemetry/api`, and every decision as an event of the span that triggered it. The API is given, so
 * that it is the one which the application's SDK is registered with.
 */
import { invalid } from '../errors.js'
import * as check from '../schema/checks.js'
import { VERSION } from '../version.js'
import { Changes } from './changes.js'
import { type Decision, follow, type SpanLike, type TraceLike, type Trigger } from './decisions.js'
import { FAMILIES, PREFIX } from './families.js'
import type { Exporter } from './prometheus.js'
import { SOURCE_KEYS, type SourceOptions, Sources } from './sources.js'

type Attributes = Record<string, string | number | boolean>
interface Observed {
  observe(instrument: never, value: number, attributes?: Attributes): void
}
interface MeterLike {
  createObservableGauge(name: string, options: { description: string; unit?: string }): unknown
  createObservableCounter(name: string, options: { description: string; unit?: string }): unknown
  addBatchObservableCallback(callback: (result: Observed) => Promise<void>, instruments: never): void
  removeBatchObservableCallback(callback: (result: Observed) => Promise<void>, instruments: never): void
}
interface TracerLike {
  startSpan(name: string, options: { root: boolean; attributes: Attributes; links: never }): { end(): void }
}

/** `import * as api from '@opentelemetry/api'`, 1.7 or later. */
export interface OpenTelemetryApi {
  readonly metrics: { getMeter(name: string, version?: string): MeterLike }
  readonly trace: TraceLike & { getTracer(name: string, version?: string): TracerLike }
}

export interface OpenTelemetryOptions extends SourceOptions {
  readonly api: OpenTelemetryApi
  /** A span of its own for every decision that no span triggered, linked to what it follows from. Default false. */
  readonly spans?: boolean | undefined
  /** Told of every decision, with its trace: for a log. */
  readonly onDecision?: ((decision: Decision) => void) | undefined
}

const KEYS = [...SOURCE_KEYS, 'api', 'spans', 'onDecision'] as const
const SCOPE = 'homeostat'
const TEXT_MAX = 1024

/** `openTelemetry({ api, tuners: [tuner], reflex })`, after the SDK was started. */
export function openTelemetry(options: OpenTelemetryOptions): Exporter {
  check.onlyKeys('openTelemetry', check.object('openTelemetry', options), KEYS)
  const { api, onDecision } = options
  if (typeof api?.metrics?.getMeter !== 'function' || typeof api.trace?.getActiveSpan !== 'function')
    throw invalid('api', "what `import * as api from '@opentelemetry/api'` gives", api)
  const spans = check.boolean('spans', options.spans, false)
  if (onDecision !== undefined) check.fn('onDecision', onDecision)
  const sources = new Sources(options)
  const changes = new Changes(sources)
  const stopMetrics = observe(api.metrics.getMeter(SCOPE, VERSION), sources, changes)
  const tracer = spans ? api.trace.getTracer(SCOPE, VERSION) : undefined
  const stop = follow(sources, api.trace, (decision, span) => {
    changes.take(decision)
    tell(decision, span, tracer)
    onDecision?.(decision)
  })
  const close = (): void => {
    stop()
    stopMetrics()
    sources.close()
  }
  return { close, [Symbol.dispose]: close }
}

/** One reading for all instruments of an export. */
function observe(meter: MeterLike, sources: Sources, changes: Changes): () => void {
  const instruments = [...FAMILIES, ...changes.families].map((family) => {
    const name = `${PREFIX}${family.name}`
    const options = { description: family.help, ...unitOf(family.name) }
    const made =
      family.type === 'gauge'
        ? meter.createObservableGauge(name, options)
        : meter.createObservableCounter(name, options)
    return { family, made: made as never }
  })
  const all = instruments.map(({ made }) => made) as never
  const callback = async (result: Observed): Promise<void> => {
    const reading = await sources.read()
    for (const { family, made } of instruments)
      for (const { labels, value } of family.read(reading)) result.observe(made, value, labels)
  }
  meter.addBatchObservableCallback(callback, all)
  return () => meter.removeBatchObservableCallback(callback, all)
}

/** Only units that an exporter would append and that the name has already: others would be said twice. */
function unitOf(name: string): { unit?: string } {
  if (name.endsWith('_seconds')) return { unit: 's' }
  return name.endsWith('_bytes') ? { unit: 'By' } : {}
}

function tell(decision: Decision, span: SpanLike | undefined, tracer: TracerLike | undefined): void {
  const attributes = attributesOf(decision)
  const name = `homeostat.${decision.type}`
  if (span !== undefined) span.addEvent(name, attributes)
  else tracer?.startSpan(name, { root: true, attributes, links: linksTo(decision.trigger) as never }).end()
}

const SAMPLED = 1
const linksTo = (trigger: Trigger | undefined) =>
  trigger === undefined ? [] : [{ context: { ...trigger, traceFlags: SAMPLED } }]

/** Of bounded size, whatever the evidence is. */
export function attributesOf({ source, name, timeUs, payload, trigger, ...rest }: Decision): Attributes {
  const attributes: Attributes = { [`homeostat.${source === 'tuner' ? 'tuner' : 'component'}`]: name }
  if (rest.seq !== undefined) attributes['homeostat.journal.seq'] = rest.seq
  if (rest.runId !== undefined) attributes['homeostat.run_id'] = rest.runId
  if (rest.generation !== undefined) attributes['homeostat.generation'] = rest.generation
  if (typeof rest.proposalId === 'number') attributes['homeostat.proposal_id'] = rest.proposalId
  if (trigger !== undefined) attributes['homeostat.trigger.trace_id'] = trigger.traceId
  for (const key of ['kind', 'verdict', 'violation', 'reason', 'from', 'to', 'cause']) {
    const value = payload[key]
    if (typeof value === 'string') attributes[`homeostat.${key}`] = value.slice(0, TEXT_MAX)
  }
  const evidence = JSON.stringify(payload)
  if (evidence.length <= TEXT_MAX) attributes['homeostat.evidence'] = evidence
  return attributes
}
