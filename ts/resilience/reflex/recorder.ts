/**
 * Records structural events in a process or thread that has no reflex of its own, for one that has: `reflex.ingest(recorder.take())`.
 */
import type { Clock } from '../../clock.js'
import { invalid } from '../../errors.js'
import { RECORD_BYTES } from '../../reflex-binding.js'
import * as check from '../../schema/checks.js'
import { checkName, resolveClock } from '../resolve.js'
import { BATCH_BYTES_MAX, type EventBatch, relabel, toBase64 } from './batch.js'
import { EventWriter, errorName, type Handle } from './event-writer.js'

export interface RecorderOptions {
  /** Events that are held until they are taken; what does not fit is counted. 16 to 131072; default 8192. */
  readonly capacity?: number | undefined
  /** Monotonic clock. Default: the runtime's. */
  readonly clock?: Clock | undefined
}

const NAMES_MAX = 16_384
const NONE = new Uint8Array()
const ERRORS_MAX = 255

/** What was written and not taken yet. */
interface Held {
  records: Uint8Array | undefined
  dropped: number
}

export class Recorder extends EventWriter {
  readonly #clock: Clock
  readonly #handles: Map<string, Handle>
  readonly #names: string[]
  readonly #errors: Map<string, number>
  readonly #held: Held

  constructor(options: RecorderOptions = {}) {
    check.onlyKeys('recorder', check.object('recorder', options), ['capacity', 'clock'])
    const capacity = check.number('recorder.capacity', options.capacity, {
      min: 16,
      max: BATCH_BYTES_MAX / RECORD_BYTES,
      whole: true,
      fallback: 8192,
    })
    const clock = resolveClock(options.clock)
    const errors = new Map<string, number>()
    const held: Held = { records: undefined, dropped: 0 }
    super(
      clock,
      capacity,
      (error) => classOf(errors, error),
      (records) => {
        // Where it was full before it was taken, the older ones give way.
        held.dropped += (held.records?.length ?? 0) / RECORD_BYTES
        held.records = records.slice()
      },
    )
    this.#clock = clock
    this.#errors = errors
    this.#held = held
    this.#handles = new Map()
    this.#names = []
  }

  /** Events that were not taken in time. */
  get dropped(): number {
    return this.#held.dropped
  }

  /** What stands for a component of this name in events. */
  component(name: string): Handle {
    const known = this.#handles.get(name)
    if (known !== undefined) return known
    checkName('name', name)
    if (this.#names.length >= NAMES_MAX) throw invalid('name', `one of at most ${NAMES_MAX}`, name)
    const handle = { name, handle: this.#names.push(name) - 1 }
    this.#handles.set(name, handle)
    return handle
  }

  /** What was recorded since the last time; undefined where that is nothing. `json`: as JSON can carry it. */
  take({ json = false }: { readonly json?: boolean } = {}): EventBatch | undefined {
    const held = this.#held
    const older = held.records
    held.records = undefined
    this.drain()
    const newer = held.records as Uint8Array | undefined
    held.records = undefined
    if (older === undefined && newer === undefined) return undefined
    const records = joined(older ?? NONE, newer ?? NONE)
    held.dropped += ((older?.length ?? 0) + (newer?.length ?? 0) - records.length) / RECORD_BYTES
    const names: string[] = []
    const places = new Map<number, number>()
    const component = (number: number): number => {
      let place = places.get(number)
      if (place === undefined) {
        place = names.push(this.#names[number] ?? '') - 1
        places.set(number, place)
      }
      return place
    }
    relabel(records, { component, error: (number) => number, timeUs: (us) => us })
    const errors = [...this.#errors.keys()]
    return { version: 1, nowUs: this.#clock.nowUs(), names, errors, records: json ? toBase64(records) : records }
  }
}

function classOf(errors: Map<string, number>, error: unknown): number {
  const name = errorName(error)
  const known = errors.get(name)
  if (known !== undefined) return known
  if (errors.size >= ERRORS_MAX) return 0
  errors.set(name, errors.size + 1)
  return errors.size
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const room = Math.floor((BATCH_BYTES_MAX - b.length) / RECORD_BYTES) * RECORD_BYTES
  const kept = a.subarray(Math.max(0, a.length - room))
  const all = new Uint8Array(kept.length + b.length)
  all.set(kept)
  all.set(b, kept.length)
  return all
}

/** Makes a {@link Recorder}. */
export function recorder(options: RecorderOptions = {}): Recorder {
  return new Recorder(options)
}
