/**
 * A tuner's handle: what another thread needs to read its knobs and report to its signals. It can be posted to a worker
 * as it is; its memory is shared, not copied.
 */
import { HomeostatError, invalid } from './errors.js'
import { type Memory, matches, viewsOver } from './memory/layout.js'
import type { KnobShape, SignalShape } from './memory/views.js'
import * as check from './schema/checks.js'
import type { KnobSpecs } from './schema/knob.js'
import type { SignalSpecs } from './schema/signal.js'

export const HANDLE_VERSION = 2
/** The `worker` of the handle that threads share. */
export const SHARED_WORKER = 1

declare const specs: unique symbol

/** Posts to workers by structured clone; see `attach()`. */
export interface TunerHandle<K extends KnobSpecs = KnobSpecs, S extends SignalSpecs = SignalSpecs> {
  readonly homeostat: number
  readonly name: string
  readonly buffer: SharedArrayBuffer
  readonly knobs: readonly KnobShape[]
  readonly signals: readonly SignalShape[]
  readonly lanes: number
  readonly ring: number
  /** Under which name threads that attach with this handle hold their lanes. */
  readonly worker: number
  readonly [specs]?: { readonly knobs: K; readonly signals: S }
}

export function makeHandle<K extends KnobSpecs, S extends SignalSpecs>(
  name: string,
  memory: Memory,
  knobs: readonly KnobShape[],
  signals: readonly SignalShape[],
  worker: number,
): TunerHandle<K, S> {
  if (typeof SharedArrayBuffer !== 'function' || !(memory.buffer instanceof SharedArrayBuffer)) {
    throw new HomeostatError(
      'HOMEOSTAT_NO_SHARED_MEMORY',
      'tuner.handle needs SharedArrayBuffer, which this runtime does not have (a browser gives it to cross-origin isolated pages only)',
    )
  }
  return {
    homeostat: HANDLE_VERSION,
    name,
    buffer: memory.buffer,
    knobs: knobs.map(({ name, kind, choices }) => ({ name, kind, choices })),
    signals: signals.map(({ name, kind }) => ({ name, kind })),
    lanes: memory.shape.lanes,
    ring: memory.shape.ring,
    worker,
  }
}

/** Checks a handle and lays views over its memory. */
export function openHandle(value: unknown): { handle: TunerHandle; memory: Memory } {
  const bad = (range: string, received: unknown) => invalid('handle', range, received, 'HOMEOSTAT_INVALID_HANDLE')
  if (typeof value !== 'object' || value === null) throw bad('the `handle` of a tuner', value)
  const handle = check.object('handle', value) as unknown as TunerHandle
  if (handle.homeostat !== HANDLE_VERSION) throw bad(`of version ${HANDLE_VERSION}`, handle.homeostat)
  if (typeof SharedArrayBuffer !== 'function' || !(handle.buffer instanceof SharedArrayBuffer)) {
    throw bad('over a SharedArrayBuffer', Object.prototype.toString.call(handle.buffer))
  }
  const { knobs, signals, lanes, ring, worker } = handle
  const counts =
    [lanes, ring, worker].every((n) => Number.isSafeInteger(n) && n > 0) &&
    Array.isArray(knobs) &&
    Array.isArray(signals)
  const shape = counts ? { knobs: knobs.length, signals: signals.length, lanes, ring } : undefined
  if (shape === undefined || !matches(handle.buffer, shape))
    throw bad('the unchanged `handle` of a tuner', 'one whose memory does not fit')
  return { handle, memory: viewsOver(handle.buffer, shape) }
}
