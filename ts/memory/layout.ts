/**
 * The shared block of one tuner: one SharedArrayBuffer (an ArrayBuffer where that is missing), which holds
 *
 *     words 0..15    schema check   magic, layout version, knobs, signals, lanes, ring capacity
 *     words 16..31   cell           sequence, stamp (generation << SIGNAL_BITS)
 *     words 32..47   control        word of the control file, words said, stop flag, unreadable count
 *     Float64        initial[k], live[1 + k] (generation, values)  for single reads
 *     Int32 pairs    the same 1 + k numbers once more              for snapshots, see `cell.ts`
 *     per lane       words: head, dropped | tail, owner;  then Float64 values[ring], Int32 meta[ring]
 *
 * Words that different threads write lie on different cache lines. Nobody outside ever supplies this buffer, so it
 * cannot be detached under a reader.
 */
import { SIGNAL_BITS } from '../binding.js'

export const MAGIC = 0x484f4d45
export const LAYOUT_VERSION = 1

export const WORD_MAGIC = 0
export const WORD_VERSION = 1
export const WORD_KNOBS = 2
export const WORD_SIGNALS = 3
export const WORD_LANES = 4
export const WORD_RING = 5
/** Even: stable. Odd: a writer is inside. */
export const WORD_SEQUENCE = 16
/** Generation of the live values, shifted left by {@link SIGNAL_BITS}: OR a signal's index into it. */
export const WORD_STAMP = 17
export const WORD_CONTROL = 32
/** One bit per word that the control file said since the owner looked last. */
export const WORD_CONTROL_SAID = 33
export const WORD_STOP = 34
export const WORD_CONTROL_UNREADABLE = 35
const HEADER_WORDS = 48

/** Offsets inside a lane's header, in words. */
export const LANE_HEAD = 0
export const LANE_DROPPED = 1
export const LANE_TAIL = 16
export const LANE_OWNER = 17
const LANE_WORDS = 32

export const MAX_LANES = 256
/** Largest ring per lane, in samples. */
export const MAX_RING = 1 << 20

export interface Shape {
  readonly knobs: number
  readonly signals: number
  /** Lane 0 belongs to the owner thread, the others to attached threads. */
  readonly lanes: number
  /** Samples per lane, a power of two. */
  readonly ring: number
}

/** The typed views over one tuner's block. */
export interface Memory {
  readonly buffer: SharedArrayBuffer | ArrayBuffer
  readonly shape: Shape
  readonly words: Int32Array
  readonly initial: Float64Array
  /** `[generation, ...values]`: what a single read sees. */
  readonly live: Float64Array
  /** The same numbers as Int32 halves: what a snapshot reads. */
  readonly halves: Int32Array
  readonly lanes: readonly LaneViews[]
}

export interface LaneViews {
  readonly words: Int32Array
  readonly values: Float64Array
  readonly meta: Int32Array
}

const line = (bytes: number): number => (bytes + 63) & ~63

function offsets(shape: Shape) {
  const initial = HEADER_WORDS * 4
  const live = line(initial + shape.knobs * 8)
  const halves = line(live + (1 + shape.knobs) * 8)
  const lanes = line(halves + (1 + shape.knobs) * 8)
  const laneBytes = line(LANE_WORDS * 4 + shape.ring * 12)
  return { initial, live, halves, lanes, laneBytes, total: lanes + laneBytes * shape.lanes }
}

/** Size of the block in bytes. */
export function byteSize(shape: Shape): number {
  return offsets(shape).total
}

/** Lays views over `buffer`; the caller has checked that it fits. */
export function viewsOver(buffer: SharedArrayBuffer | ArrayBuffer, shape: Shape): Memory {
  const at = offsets(shape)
  const lanes: LaneViews[] = []
  for (let i = 0; i < shape.lanes; i++) {
    const base = at.lanes + i * at.laneBytes
    const values = base + LANE_WORDS * 4
    lanes.push({
      words: new Int32Array(buffer, base, LANE_WORDS),
      values: new Float64Array(buffer, values, shape.ring),
      meta: new Int32Array(buffer, values + shape.ring * 8, shape.ring),
    })
  }
  return {
    buffer,
    shape,
    words: new Int32Array(buffer, 0, HEADER_WORDS),
    initial: new Float64Array(buffer, at.initial, shape.knobs),
    live: new Float64Array(buffer, at.live, 1 + shape.knobs),
    halves: new Int32Array(buffer, at.halves, 2 * (1 + shape.knobs)),
    lanes,
  }
}

/** Allocates a block and writes its header and initial values; the caller publishes the first generation. */
export function allocate(shape: Shape, initial: Float64Array): Memory {
  const size = byteSize(shape)
  const buffer = typeof SharedArrayBuffer === 'function' ? new SharedArrayBuffer(size) : new ArrayBuffer(size)
  const memory = viewsOver(buffer, shape)
  memory.initial.set(initial)
  const { words } = memory
  words[WORD_VERSION] = LAYOUT_VERSION
  words[WORD_KNOBS] = shape.knobs
  words[WORD_SIGNALS] = shape.signals
  words[WORD_LANES] = shape.lanes
  words[WORD_RING] = shape.ring
  Atomics.store(words, WORD_MAGIC, MAGIC)
  return memory
}

/** Whether `buffer` is a block of exactly this shape. */
export function matches(buffer: SharedArrayBuffer | ArrayBuffer, shape: Shape): boolean {
  if (buffer.byteLength !== byteSize(shape)) return false
  const words = new Int32Array(buffer, 0, HEADER_WORDS)
  return (
    Atomics.load(words, WORD_MAGIC) === MAGIC &&
    words[WORD_VERSION] === LAYOUT_VERSION &&
    words[WORD_KNOBS] === shape.knobs &&
    words[WORD_SIGNALS] === shape.signals &&
    words[WORD_LANES] === shape.lanes &&
    words[WORD_RING] === shape.ring
  )
}
