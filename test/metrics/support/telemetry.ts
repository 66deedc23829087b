/** An SDK of OpenTelemetry as small as can be, behind its real API: what is observed, and the events of spans. */
import { AsyncLocalStorage } from 'node:async_hooks'
import * as api from '@opentelemetry/api'

type Callback = Parameters<api.Meter['addBatchObservableCallback']>[0]

export interface Observation {
  readonly name: string
  readonly value: number
  readonly labels: api.Attributes
}
export interface RecordedSpan {
  readonly name: string
  readonly traceId: string
  readonly attributes: api.Attributes
  readonly links: readonly api.Link[]
  readonly events: { readonly name: string; readonly attributes: api.Attributes }[]
  ended: boolean
}

export class Telemetry {
  readonly spans: RecordedSpan[] = []
  readonly instruments = new Map<string, { kind: string; options: api.MetricOptions }>()
  readonly callbacks = new Set<Callback>()
  readonly #store = new AsyncLocalStorage<api.Context>()

  constructor() {
    const store = this.#store
    api.context.setGlobalContextManager({
      active: () => store.getStore() ?? api.ROOT_CONTEXT,
      with: (context, work, self, ...args) => store.run(context, () => work.apply(self as never, args)),
      bind: (_, target) => target,
      enable: () => ({}) as never,
      disable: () => ({}) as never,
    })
    api.trace.setGlobalTracerProvider({ getTracer: () => this.#tracer() as api.Tracer })
    api.metrics.setGlobalMeterProvider({ getMeter: () => this.#meter() as unknown as api.Meter })
  }

  close(): void {
    api.context.disable()
    api.trace.disable()
    api.metrics.disable()
  }

  /** What an export would send. */
  async collect(): Promise<Observation[]> {
    const found: Observation[] = []
    for (const callback of this.callbacks)
      await callback({
        observe: (instrument: { name: string }, value: number, labels: api.Attributes = {}) =>
          found.push({ name: instrument.name, value, labels }),
      } as never)
    return found
  }

  /** Runs `work` within a span that is recorded. */
  within<T>(name: string, work: () => T): { result: T; span: RecordedSpan } {
    return api.trace.getTracer('test').startActiveSpan(name, (span) => {
      const recorded = this.spans.at(-1) as RecordedSpan
      try {
        return { result: work(), span: recorded }
      } finally {
        span.end()
      }
    })
  }

  #meter() {
    const make = (kind: string) => (name: string, options: api.MetricOptions) => {
      this.instruments.set(name, { kind, options })
      return { name }
    }
    return {
      createObservableGauge: make('gauge'),
      createObservableCounter: make('counter'),
      addBatchObservableCallback: (callback: Callback) => this.callbacks.add(callback),
      removeBatchObservableCallback: (callback: Callback) => this.callbacks.delete(callback),
    }
  }

  #tracer() {
    const startSpan = (name: string, options: api.SpanOptions = {}): api.Span => {
      const number = this.spans.length + 1
      const traceId = number.toString(16).padStart(32, '0')
      const { attributes = {}, links = [] } = options
      const recorded: RecordedSpan = { name, traceId, attributes, links, events: [], ended: false }
      this.spans.push(recorded)
      const span = {
        spanContext: () => ({ traceId, spanId: number.toString(16).padStart(16, '0'), traceFlags: 1 }),
        isRecording: () => !recorded.ended,
        addEvent: (event: string, given: api.Attributes = {}) => {
          recorded.events.push({ name: event, attributes: given })
          return span
        },
        end: () => {
          recorded.ended = true
        },
      }
      return span as unknown as api.Span
    }
    const startActiveSpan = (name: string, work: (span: api.Span) => unknown) => {
      const span = startSpan(name)
      return api.context.with(api.trace.setSpan(api.context.active(), span), () => work(span))
    }
    return { startSpan, startActiveSpan }
  }
}
