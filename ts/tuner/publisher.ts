/**
 * Brings the core's live values into the configuration cell, and keeps the two notions of generation apart.
 *
 * The control file's thread may publish the initial values under a generation of its own while the owner thread is blocked.
 * From then on the cell's generation can be ahead of the core's by a constant, `shift`, which the drain subtracts from each
 * sample. A sample of the live generation then carries the core's live generation; one of an older generation carries an
 * older one, whichever, and does not count for learning either way.
 */
import type { Engine } from '../binding.js'
import { CellWriter, VETOED } from '../memory/cell.js'
import { type Memory, WORD_CONTROL } from '../memory/layout.js'

export class Publisher {
  readonly #engine: Engine
  readonly #memory: Memory
  readonly #writer: CellWriter
  readonly #values: Float64Array
  #published: number
  #read: number
  /** Generations by which the cell is ahead of the core. */
  shift = 0
  /** Attempts that found the cell locked; each is retried by the next tick. */
  busy = 0
  /** The control file's word that the core knows of. */
  controlSeen: number

  /** The caller has published the initial values under the core's first generation. */
  constructor(engine: Engine, memory: Memory) {
    this.#engine = engine
    this.#published = engine.generation()
    this.#read = this.#published
    this.#memory = memory
    this.#writer = new CellWriter(memory)
    this.#values = this.#writer.stage.subarray(1)
    this.#values.set(memory.initial)
    this.controlSeen = Atomics.load(memory.words, WORD_CONTROL)
  }

  /**
   * Publishes the core's values if its generation is new. False when the control file changed in between (the caller tells
   * the core first) or the cell was locked.
   */
  sync(): boolean {
    const generation = this.#engine.generation()
    const live = this.#memory.live[0] as number
    // The watcher's override changes the cell without the core: then the cell has to follow again.
    if (generation === this.#published && live === generation + this.shift) return true
    this.#engine.readValues(this.#values)
    this.#read = generation
    const given = this.#writer.publish(generation + this.shift, this.controlSeen)
    if (given < 0) {
      if (given !== VETOED) this.busy++
      return false
    }
    this.shift = given - generation
    this.#published = generation
    return true
  }

  /** Puts the initial values back without asking the core, which is dead. */
  abandon(): void {
    this.#values.set(this.#memory.initial)
    this.#writer.publish(0, Atomics.load(this.#memory.words, WORD_CONTROL))
  }

  /** The generation of {@link values}. */
  get generation(): number {
    return this.#read
  }

  /** The core's live values, as of the last {@link sync}. */
  get values(): Float64Array {
    return this.#values
  }
}
