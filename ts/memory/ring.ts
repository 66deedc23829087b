/**
 * Sample rings: one single-producer single-consumer lane per thread. The consumer is the owner thread's tick.
 *
 * A sample is one Float64 value and one Int32 meta word, `(generation << SIGNAL_BITS) | signal`. Head and tail run freely
 * modulo 2^32; their difference is the fill. Lane 0 is written and drained by the same thread, so plain stores are enough.
 * A worker's lane stores the sample plainly and then publishes it by Atomics.store of the head, which the consumer's
 * Atomics.load of the head observes; space comes back the same way through the tail. When a lane is full the sample is
 * dropped and counted; reporting never throws, blocks or allocates.
 *
 * A lane names the worker that holds it, 0 while it is free. A thread that is terminated gives nothing back, and nobody can tell
 * from the memory that it is gone: whoever saw it end says so (`tuner.release()`). A reporter looks at the name first, so that a
 * thread that was given up too early stops writing.
 */
import { SIGNAL_BITS } from '../binding.js'
import { LANE_DROPPED, LANE_HEAD, LANE_OWNER, LANE_TAIL, type LaneViews, type Memory, WORD_STAMP } from './layout.js'

/** Reports one sample. `generation`: that of the request's start; default: the current one. */
export type Report = (value: number, generation?: number) => void
export type ReportRatio = (value: boolean | number, generation?: number) => void
export type ReportCount = (n?: number, generation?: number) => void

// The two reporters copy the offsets into their own scope: an engine folds those into the code, but reloads an imported
// binding on every call when the modules are not bundled.

/** Reporter of lane 0. Closures over the views keep each call site monomorphic. */
export function ownerReport(memory: Memory, signal: number): Report {
  const [STAMP, HEAD, TAIL, DROPPED, BITS] = [WORD_STAMP, LANE_HEAD, LANE_TAIL, LANE_DROPPED, SIGNAL_BITS]
  const stamp = memory.words
  const { words, values, meta } = memory.lanes[0] as LaneViews
  const ring = memory.shape.ring
  const mask = ring - 1
  return (value, generation) => {
    const head = words[HEAD] as number
    if (((head - (words[TAIL] as number)) | 0) >= ring) {
      words[DROPPED] = (words[DROPPED] as number) + 1
      return
    }
    const at = head & mask
    values[at] = value
    meta[at] = (generation === undefined ? (stamp[STAMP] as number) : generation << BITS) | signal
    words[HEAD] = head + 1
  }
}

/** Reporter of a worker's lane, as long as that lane belongs to `worker`. */
export function workerReport(memory: Memory, lane: number, signal: number, worker: number): Report {
  const [STAMP, HEAD, TAIL, DROPPED, BITS] = [WORD_STAMP, LANE_HEAD, LANE_TAIL, LANE_DROPPED, SIGNAL_BITS]
  const OWNER = LANE_OWNER
  const stamp = memory.words
  const { words, values, meta } = memory.lanes[lane] as LaneViews
  const ring = memory.shape.ring
  const mask = ring - 1
  return (value, generation) => {
    // Only this thread writes the head of its lane: a plain read sees its own last store.
    if (words[OWNER] !== worker) return
    const head = words[HEAD] as number
    if (((head - Atomics.load(words, TAIL)) | 0) >= ring) {
      Atomics.store(words, DROPPED, ((words[DROPPED] as number) + 1) | 0)
      return
    }
    const at = head & mask
    values[at] = value
    meta[at] = (generation === undefined ? (stamp[STAMP] as number) : generation << BITS) | signal
    Atomics.store(words, HEAD, (head + 1) | 0)
  }
}

/** A ratio's reporter: true counts 1, false 0; a share between 0 and 1 is taken as it is. */
export function asRatio(report: Report): ReportRatio {
  return (value, generation) => report(value === true ? 1 : value === false ? 0 : value, generation)
}

/** A count's reporter: without an argument it counts 1. */
export function asCount(report: Report): ReportCount {
  return (n, generation) => report(n === undefined ? 1 : n, generation)
}

/** Claims a free lane for a thread of `worker`; 0 when none is left. */
export function claimLane(memory: Memory, worker: number): number {
  for (let lane = 1; lane < memory.shape.lanes; lane++) {
    if (Atomics.compareExchange((memory.lanes[lane] as LaneViews).words, LANE_OWNER, 0, worker) === 0) return lane
  }
  return 0
}

/** Gives a lane of `worker` back; false where it was somebody else's. What it still holds is drained as usual. */
export function releaseLane(memory: Memory, lane: number, worker: number): boolean {
  return Atomics.compareExchange((memory.lanes[lane] as LaneViews).words, LANE_OWNER, worker, 0) === worker
}

/** Gives back every lane of `worker`, whose threads have ended; returns how many those were. */
export function reclaimLanes(memory: Memory, worker: number): number {
  let lanes = 0
  for (let lane = 1; lane < memory.shape.lanes; lane++) if (releaseLane(memory, lane, worker)) lanes++
  return lanes
}

/** The consumer: hands the samples of every lane over, at most two regions per lane and call. */
export class Drain {
  readonly #memory: Memory
  readonly #droppedSeen: Int32Array
  /** Samples that found their ring full, over all lanes, since the start. */
  dropped = 0
  /** Samples handed over since the start. */
  drained = 0

  constructor(memory: Memory) {
    this.#memory = memory
    this.#droppedSeen = new Int32Array(memory.shape.lanes)
  }

  /**
   * Drains every lane. `shift` generations are subtracted from each sample's meta word first (see `tuner/publisher.ts`);
   * it is 0 but after the control file overrode the configuration.
   */
  run(shift: number, sink: (values: Float64Array, meta: Int32Array) => void): void {
    const { lanes, shape } = this.#memory
    for (let i = 0; i < lanes.length; i++) {
      const { words, values, meta } = lanes[i] as LaneViews
      const dropped = Atomics.load(words, LANE_DROPPED)
      this.dropped += (dropped - (this.#droppedSeen[i] as number)) >>> 0
      this.#droppedSeen[i] = dropped
      const head = Atomics.load(words, LANE_HEAD)
      const tail = words[LANE_TAIL] as number
      const filled = (head - tail) | 0
      if (filled <= 0) continue
      const from = tail & (shape.ring - 1)
      const first = Math.min(filled, shape.ring - from)
      if (shift !== 0) {
        shiftMeta(meta, from, first, shift)
        shiftMeta(meta, 0, filled - first, shift)
      }
      try {
        sink(values.subarray(from, from + first), meta.subarray(from, from + first))
        if (first < filled) sink(values.subarray(0, filled - first), meta.subarray(0, filled - first))
      } finally {
        // Also when the sink threw: the same samples must not be offered twice.
        Atomics.store(words, LANE_TAIL, head)
        this.drained += filled
      }
    }
  }
}

function shiftMeta(meta: Int32Array, from: number, count: number, shift: number): void {
  const by = shift << SIGNAL_BITS
  for (let i = from; i < from + count; i++) meta[i] = (meta[i] as number) - by
}
