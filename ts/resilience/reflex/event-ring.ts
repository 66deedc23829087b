/**
 * Structural events as records of 32 bytes in memory of this side: writing one is a few stores, nothing is allocated or crosses
 * into the core. They are drained in batches; a full ring is drained at once, so that none is lost. The layout is that of the seam.
 */
import { RECORD_BYTES } from '../../reflex-binding.js'

export class EventRing {
  /** Records that are held. */
  length = 0
  readonly capacity: number
  readonly #u8: Uint8Array
  readonly #u32: Uint32Array
  readonly #f32: Float32Array
  readonly #f64: Float64Array
  readonly #full: (records: Uint8Array) => void

  /** `full` takes the records before it returns; they are overwritten then. */
  constructor(capacity: number, full: (records: Uint8Array) => void) {
    this.capacity = capacity
    this.#full = full
    const memory = new ArrayBuffer(capacity * RECORD_BYTES)
    this.#u8 = new Uint8Array(memory)
    this.#u32 = new Uint32Array(memory)
    this.#f32 = new Float32Array(memory)
    this.#f64 = new Float64Array(memory)
  }

  write(head: number, component: number, timeUs: number, request: number, peer: number, value: number): void {
    if (this.length === this.capacity) this.drain()
    const at = this.length * 8
    this.#u32[at] = head
    this.#u32[at + 1] = component
    this.#f64[at / 2 + 1] = timeUs
    this.#f64[at / 2 + 2] = request
    this.#u32[at + 6] = peer
    this.#f32[at + 7] = value
    this.length++
  }

  drain(): void {
    if (this.length === 0) return
    const records = this.#u8.subarray(0, this.length * RECORD_BYTES)
    this.length = 0
    this.#full(records)
  }
}
