/**
 * Events on their way from one process or thread to another. A batch explains itself: names travel with the records, and since
 * monotonic clocks of two processes have nothing in common, so does the sender's time.
 */
import { invalid } from '../../errors.js'
import { RECORD_BYTES } from '../../reflex-binding.js'
import * as check from '../../schema/checks.js'

/** Can be cloned and posted; as JSON where it was made with `take({ json: true })`. */
export interface EventBatch {
  readonly version: 1
  /** The sender's monotonic time when the batch was made, in microseconds. */
  readonly nowUs: number
  /** Names of the components in the records; the number in a record is the place here. */
  readonly names: readonly string[]
  /** Names of the classes of errors, from 1. */
  readonly errors: readonly string[]
  /** Records of 32 bytes; text is base64. */
  readonly records: Uint8Array | string
}

/** What a batch may hold at most. */
export const BATCH_BYTES_MAX = 2 ** 22
const NAMES_MAX = 16_384
const ERRORS_MAX = 256

export interface OpenedBatch {
  readonly nowUs: number
  readonly names: readonly unknown[]
  readonly errors: readonly unknown[]
  /** A copy that may be written to. */
  readonly records: Uint8Array
}

/** Checks what came from elsewhere, as far as its shape goes: what single records say is checked by the core. */
export function openBatch(value: unknown): OpenedBatch {
  const o = check.object('batch', value) as Partial<Record<keyof EventBatch, unknown>>
  if (o.version !== 1) throw invalid('batch.version', '1', o.version)
  const nowUs = check.number('batch.nowUs', o.nowUs, { min: 0, max: Number.MAX_SAFE_INTEGER })
  const list = (key: 'names' | 'errors', max: number): unknown[] => {
    const all = o[key]
    if (!Array.isArray(all) || all.length > max) throw invalid(`batch.${key}`, `a list of at most ${max} names`, all)
    return all
  }
  const names = list('names', NAMES_MAX)
  const errors = list('errors', ERRORS_MAX)
  return { nowUs, names, errors, records: bytesOf(o.records) }
}

function bytesOf(value: unknown): Uint8Array {
  const most = `records of ${RECORD_BYTES} bytes, at most ${BATCH_BYTES_MAX} bytes`
  let bytes: Uint8Array | undefined
  if (value instanceof Uint8Array) {
    if (value.length <= BATCH_BYTES_MAX) bytes = value.slice()
  } else if (typeof value === 'string' && value.length <= (BATCH_BYTES_MAX / 3) * 4 + 4) {
    bytes = fromBase64(value)
  }
  if (bytes === undefined || bytes.length % RECORD_BYTES !== 0) throw invalid('batch.records', most, value)
  return bytes
}

function fromBase64(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(text), (c) => c.charCodeAt(0))
  } catch {
    return undefined
  }
}

export function toBase64(bytes: Uint8Array): string {
  let text = ''
  // Arguments of one call are limited.
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return btoa(text)
}

/** What a record refers to: its component, its peer, its class of errors. */
export interface Relabel {
  component(number: number): number
  error(number: number): number
  timeUs(sent: number): number
}

const HAS_PEER: readonly boolean[] = [false, false, true, true, true, false, false]

/** Gives every record other numbers and another time, in place. */
export function relabel(records: Uint8Array, to: Relabel): void {
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength)
  for (let at = 0; at < records.length; at += RECORD_BYTES) {
    view.setUint16(at + 2, to.error(view.getUint16(at + 2, true)), true)
    view.setUint32(at + 4, to.component(view.getUint32(at + 4, true)), true)
    view.setFloat64(at + 8, to.timeUs(view.getFloat64(at + 8, true)), true)
    if (HAS_PEER[view.getUint8(at)]) view.setUint32(at + 24, to.component(view.getUint32(at + 24, true)), true)
  }
}
