/**
 * Telemetry digests: one window in 64 bytes, as tuners exchange them.
 */
import type { Binding } from './binding.js'
import { DIGEST_FIELDS } from './binding.js'
import { invalid } from './errors.js'
import * as check from './schema/checks.js'

export interface Digest {
  /** End of the window on the tuner's clock, microseconds. */
  readonly timestampUs: number
  /** Generation of the configuration that served the window. */
  readonly generation: number
  /** Samples that count. */
  readonly samples: number
  /** The objective, lower is better. */
  readonly objective: number
  readonly latencyP99Us?: number
  readonly throughputRps?: number
  /** 0 to 1. */
  readonly errorRate?: number
  /** (limit - value) / |limit| of the worst constraint; negative: violated. */
  readonly constraintMargin?: number
}

const REQUIRED = 4

/** Encodes a digest into its wire layout. Throws `HOMEOSTAT_DIGEST_*` for numbers outside their range. */
export function encodeDigest(binding: Binding, digest: Digest): Uint8Array {
  const given = check.object('digest', digest)
  check.onlyKeys('digest', given, DIGEST_FIELDS)
  const fields = Float64Array.from(DIGEST_FIELDS, (name, i) => {
    const value = given[name]
    if (value === undefined && i >= REQUIRED) return Number.NaN
    if (typeof value !== 'number') throw invalid(`digest.${name}`, 'a number', value)
    return value
  })
  return binding.encodeDigest(fields)
}

/** Decodes the wire layout. Throws `HOMEOSTAT_DIGEST_*` with the reason for any other bytes. */
export function decodeDigest(binding: Binding, bytes: Uint8Array): Digest {
  if (!(bytes instanceof Uint8Array)) throw invalid('bytes', 'a Uint8Array', bytes)
  const fields = binding.decodeDigest(bytes)
  const digest: Record<string, number> = {}
  DIGEST_FIELDS.forEach((name, i) => {
    const value = fields[i] as number
    if (i < REQUIRED || !Number.isNaN(value)) digest[name] = value
  })
  return digest as unknown as Digest
}
