/**
 * Metrics and traces, `homeostat/metrics`: in your own registry of prom-client, or through OpenTelemetry. Neither package is
 * imported: what they give is given here, so that each is needed only where it is used.
 */
export { HomeostatError, type HomeostatErrorCode, isHomeostatError } from '../errors.js'
export type { Decision, SpanLike, TraceLike, Trigger } from './decisions.js'
export { type OpenTelemetryApi, type OpenTelemetryOptions, openTelemetry } from './opentelemetry.js'
export { type Exporter, type PrometheusOptions, prometheus, type RegistryLike } from './prometheus.js'
export type { AnyTuner, MeasuredQueue, SourceOptions } from './sources.js'
