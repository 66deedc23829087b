/**
 * A bounded queue of five tiers. Who is next, who makes room and who is refused is decided by the core, at the same cost at any
 * depth; the items themselves stay here, by slot.
 */
import type { Clock } from '../clock.js'
import type { QueueCore } from '../reflex-binding.js'
import { TIER_DEFAULT } from '../resilience/call.js'
import { Listeners } from '../resilience/listeners.js'
import type { DurationInput } from '../units.js'
import { checkTier, type QueueOptions, startBefore } from './options.js'

/** Why an item was not taken in. */
export type QueueRefusal = 'full' | 'hard-bound' | 'deadline'
const REFUSALS: Readonly<Record<number, QueueRefusal>> = { [-1]: 'full', [-2]: 'hard-bound', [-3]: 'deadline' }

/** Why an item left without being started: it made room, its deadline passed, or the queue was closed. */
export type Dropped = 'evicted' | 'deadline' | 'closed'

export interface ItemOptions {
  /** 0 emergency, 1 strategic, 2 normal, 3 experimental, 4 background. Default 2. */
  readonly tier?: number | undefined
  /** Instead of a tier: how much it matters, 0 to 1; above 0.8 it is strategic. */
  readonly interest?: number | undefined
  /** It is not started later than so long from now. Default: no matter when. */
  readonly startWithin?: DurationInput | undefined
}

/** Names an item that waits. */
export type Ticket = number

/** An item was taken in, or not. Refusals are values. */
export type Enqueued =
  | { readonly ok: true; readonly ticket: Ticket }
  | { readonly ok: false; readonly reason: QueueRefusal }

export interface QueueEvents<T> {
  /** What upstream should send, as a share of the usual: 1, 0.7, 0.3 or 0.1. */
  capacity: { readonly capacity: number; readonly waiting: number }
  /** An item left without being started. */
  dropped: { readonly item: T; readonly reason: Dropped }
  /** An emergency was admitted above the depth. */
  overDepth: { readonly item: T; readonly waiting: number }
}

const SLOT_MASK = 0xf_ffff
/** What `take` gives where nothing waits: an item may be `undefined` itself. */
export const NOTHING: unique symbol = Symbol('nothing waits')

export class Queue<T> {
  /** Called for each item that leaves without being started, before the event. @internal */
  onDropped: ((item: T, reason: Dropped) => void) | undefined
  readonly #core: QueueCore
  readonly #clock: Clock
  readonly #depth: number
  readonly #items: (T | undefined)[] = []
  readonly #listeners = new Listeners<QueueEvents<T>>(['capacity', 'dropped', 'overDepth'])
  #waiting = 0
  #closed = false

  constructor(core: QueueCore, clock: Clock, depth: number) {
    this.#core = core
    this.#clock = clock
    this.#depth = depth
  }

  /** Takes an item in, where there is room or some can be made. */
  enqueue(item: T, options?: ItemOptions): Enqueued {
    const nowUs = this.#clock.nowUs()
    const ticket =
      options === undefined
        ? this.push(item, TIER_DEFAULT, Number.NaN, nowUs)
        : this.push(item, checkTier(options), startBefore(options.startWithin, nowUs), nowUs)
    return ticket < 0 ? { ok: false, reason: REFUSALS[ticket] ?? 'full' } : { ok: true, ticket }
  }

  /** The same in numbers: a ticket, or a refusal below 0. @internal */
  push(item: T, tier: number, deadlineUs: number, nowUs: number): number {
    const crowded = this.#waiting >= this.#depth
    if (this.#closed) return -1
    const ticket = this.#core.enqueue(tier, deadlineUs, nowUs)
    if (ticket >= 0) {
      const evicted = crowded ? this.#core.evicted() : -1
      const dropped = evicted < 0 ? undefined : this.#items[evicted & SLOT_MASK]
      // The newcomer may have got the slot of who made room for it.
      this.#items[ticket & SLOT_MASK] = item
      if (evicted >= 0) this.#drop(dropped as T, 'evicted')
      else this.#waiting++
      if (crowded && this.#core.overDepth()) this.#listeners.emit('overDepth', { item, waiting: this.#waiting })
    }
    this.#tellCapacity(nowUs)
    return ticket
  }

  /** Who is next; undefined where nothing waits. Those whose deadline has passed are dropped on the way. */
  dequeue(): { readonly item: T } | undefined {
    const item = this.take()
    return item === NOTHING ? undefined : { item }
  }

  /** The same without an object. @internal */
  take(): T | typeof NOTHING {
    const nowUs = this.#clock.nowUs()
    for (;;) {
      const ticket = this.#waiting === 0 ? -1 : this.#core.take(nowUs)
      if (ticket < 0) return NOTHING
      const item = this.#forget(ticket)
      const expired = this.#core.expired()
      this.#tellCapacity(nowUs)
      if (!expired) return item
      this.#drop(item, 'deadline')
    }
  }

  /** Takes an item out that nobody wants any more; false where it does not wait. */
  cancel(ticket: Ticket): boolean {
    const nowUs = this.#clock.nowUs()
    if (this.#closed || !this.#core.cancel(ticket, nowUs)) return false
    this.#forget(ticket)
    this.#tellCapacity(nowUs)
    return true
  }

  #forget(ticket: number): T {
    const slot = ticket & SLOT_MASK
    const item = this.#items[slot] as T
    this.#items[slot] = undefined
    this.#waiting--
    return item
  }

  #drop(item: T, reason: Dropped): void {
    this.onDropped?.(item, reason)
    if (this.#listeners.has('dropped')) this.#listeners.emit('dropped', { item, reason })
  }

  #tellCapacity(nowUs: number): void {
    if (!this.#core.takeCapacityChanged() || !this.#listeners.has('capacity')) return
    this.#listeners.emit('capacity', { capacity: this.#core.capacity(nowUs), waiting: this.#waiting })
  }

  /** Items that wait. */
  get size(): number {
    return this.#waiting
  }

  /** Items of a tier that wait. */
  sizeOf(tier: number): number {
    return this.#core.lengthOf(tier)
  }

  /** What upstream should send, as a share of the usual: 1 normal, 0.7 degraded, 0.3 overloaded, 0.1 emergency; with hysteresis. */
  get capacity(): number {
    const nowUs = this.#clock.nowUs()
    const capacity = this.#core.capacity(nowUs)
    this.#tellCapacity(nowUs)
    return capacity
  }

  /** The capacity is not better than this one from now on, whatever waits: 1, 0.7, 0.3 or 0.1. */
  limitCapacity(capacity: 1 | 0.7 | 0.3 | 0.1): void {
    this.#core.setFloor(capacity >= 1 ? 0 : capacity >= 0.7 ? 1 : capacity >= 0.3 ? 2 : 3)
    this.#tellCapacity(this.#clock.nowUs())
  }

  /** Listens; returns how to stop. What a listener throws reaches nobody, and is counted in `listenerErrors`. */
  on<N extends keyof QueueEvents<T>>(event: N, listener: (event: QueueEvents<T>[N]) => unknown): () => void {
    return this.#listeners.on(event, listener)
  }

  get listenerErrors(): number {
    return this.#listeners.errors
  }

  /** Drops what waits and frees the core's memory; from then on the queue is full, and empty. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const nowUs = this.#clock.nowUs(); this.#waiting > 0; ) {
      const ticket = this.#core.take(nowUs)
      if (ticket < 0) break
      this.#drop(this.#forget(ticket), 'closed')
    }
    this.#core.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

export interface SoloQueueOptions extends QueueOptions {
  /** Monotonic clock. Default: the runtime's. */
  readonly clock?: Clock | undefined
}
