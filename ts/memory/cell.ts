/**
 * The configuration cell: all knobs of one generation are seen together or not at all.
 *
 * Contract on memory ordering
 *
 * - The values are stored twice. `live` (Float64) serves single reads: one plain 64-bit load. `halves` (Int32 pairs) serves
 *   snapshots: every access to it is an Atomics operation, because only those are ordered against the sequence word by
 *   the JavaScript memory model; with plain accesses a compiler or an ARM core may move a data read past the second read
 *   of the sequence word, and the check would prove nothing.
 * - A snapshot reads the sequence word, then the halves, then the sequence word again, and is taken only when both are the
 *   same even number. All of these operations are sequentially consistent and a writer makes the word odd before its
 *   first store and even, and larger, after its last: a snapshot that overlaps a write sees different words.
 * - Two writers exist: the owner thread, and the thread that watches the control file. They exclude each other by a
 *   compare-and-exchange of the sequence word from even to odd. Nothing in the critical section can throw, block or allocate.
 * - A single plain read of a Float64 element may tear by the letter of the memory model. It does not on any 64-bit target
 *   of V8, JavaScriptCore or SpiderMonkey, where an aligned element is one load and one store (tested on x64). Two single
 *   reads are not one snapshot: use `snapshot()` where knobs must belong together.
 * - The generation in `live` and the stamp are stored after the values. A reader that takes the generation first and the
 *   knob second can therefore pair an old generation with a new value, which only costs a sample its place in learning;
 *   the opposite order would credit the new configuration with work done under the old one.
 * - Generations only grow: the number is chosen inside the lock, from the one that is there.
 * - Spinning is bounded. A writer that finds the lock held for too long gives up and is told so; the next tick retries. A
 *   reader that keeps losing against writers waits in steps of 1 ms between attempts (a writer may have been taken off its
 *   core). It never takes the lock: a reading thread may be terminated anywhere, and no publication may depend on it.
 */
import { SIGNAL_BITS } from '../binding.js'
import { type Memory, WORD_CONTROL, WORD_SEQUENCE, WORD_STAMP } from './layout.js'

/** The writer lock was not free within the bound. */
export const BUSY = -1
/** The control file says `off` and the owner has not taken note of it yet, so that its values must not be published. */
export const VETOED = -2

const WRITE_SPINS = 1 << 16
export const READ_SPINS = 1 << 6
/** Waits of 1 ms for a writer that the operating system took off its core. */
export const WAITS = 1000

/**
 * Publishes `stage` (`[wanted generation, ...values]`) and returns the generation given to it: the wanted one, or the next
 * after the present one if that is larger. `vetoWord` is the index of a word that must equal `vetoValue` (-1: none).
 *
 * This function is also sent as source text into the watcher's thread, so it refers to nothing but its arguments and globals.
 */
export function writeCell(
  words: Int32Array,
  live: Float64Array,
  halves: Int32Array,
  stage: Float64Array,
  stageHalves: Int32Array,
  sequenceWord: number,
  stampWord: number,
  stampShift: number,
  vetoWord: number,
  vetoValue: number,
  spins: number,
): number {
  let sequence = 0
  let left = spins
  while (true) {
    sequence = Atomics.load(words, sequenceWord)
    if ((sequence & 1) === 0 && Atomics.compareExchange(words, sequenceWord, sequence, sequence + 1) === sequence) break
    if (--left <= 0) return -1
  }
  if (vetoWord >= 0 && Atomics.load(words, vetoWord) !== vetoValue) {
    Atomics.store(words, sequenceWord, sequence)
    return -2
  }
  const next = (live[0] as number) + 1
  if (!((stage[0] as number) >= next)) stage[0] = next
  const generation = stage[0] as number
  for (let i = 0; i < halves.length; i++) Atomics.store(halves, i, stageHalves[i] as number)
  for (let i = 1; i < live.length; i++) live[i] = stage[i] as number
  live[0] = generation
  Atomics.store(words, stampWord, generation << stampShift)
  Atomics.store(words, sequenceWord, (sequence + 2) | 0)
  return generation
}

/** The owner thread's side of the cell. Writing allocates nothing. */
export class CellWriter {
  /** `[generation, ...values]`: fill the values, then call {@link publish}. */
  readonly stage: Float64Array
  readonly #stageHalves: Int32Array
  readonly #memory: Memory

  constructor(memory: Memory) {
    this.#memory = memory
    this.stage = new Float64Array(1 + memory.shape.knobs)
    this.#stageHalves = new Int32Array(this.stage.buffer)
  }

  /**
   * Publishes the staged values as `generation` or the next free one. Returns the generation given, {@link BUSY}, or
   * {@link VETOED} when the control file's word is no longer `controlSeen`.
   */
  publish(generation: number, controlSeen: number): number {
    const { words, live, halves } = this.#memory
    this.stage[0] = generation
    return writeCell(
      words,
      live,
      halves,
      this.stage,
      this.#stageHalves,
      WORD_SEQUENCE,
      WORD_STAMP,
      SIGNAL_BITS,
      WORD_CONTROL,
      controlSeen,
      WRITE_SPINS,
    )
  }
}

/** Takes consistent copies of the cell, on any thread. */
export class CellReader {
  /** `[generation, ...values]` of the last successful {@link read}. */
  readonly copy: Float64Array
  readonly #copyHalves: Int32Array
  readonly #memory: Memory

  constructor(memory: Memory) {
    this.#memory = memory
    this.copy = new Float64Array(1 + memory.shape.knobs)
    this.#copyHalves = new Int32Array(this.copy.buffer)
  }

  /** Fills {@link copy}. False when no attempt within the bound met a quiet moment: a writer's thread died inside. */
  read(): boolean {
    const { words } = this.#memory
    for (let spin = 0; spin < READ_SPINS; spin++) if (this.#try()) return true
    for (let wait = 0; wait < WAITS; wait++) {
      pause(words, Atomics.load(words, WORD_SEQUENCE))
      for (let spin = 0; spin < READ_SPINS; spin++) if (this.#try()) return true
    }
    return false
  }

  #try(): boolean {
    const { words } = this.#memory
    const before = Atomics.load(words, WORD_SEQUENCE)
    if ((before & 1) !== 0) return false
    this.#take()
    return Atomics.load(words, WORD_SEQUENCE) === before
  }

  #take(): void {
    const { halves } = this.#memory
    const to = this.#copyHalves
    for (let i = 0; i < halves.length; i++) to[i] = Atomics.load(halves, i)
  }
}

/** Lets other threads run for up to 1 ms, where this thread may wait at all (a browser's main thread may not). */
export function pause(words: Int32Array, sequence: number): void {
  try {
    Atomics.wait(words, WORD_SEQUENCE, sequence, 1)
  } catch {
    for (let spin = 0; spin < READ_SPINS && Atomics.load(words, WORD_SEQUENCE) === sequence; spin++);
  }
}
