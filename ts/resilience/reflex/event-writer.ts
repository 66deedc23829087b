/**
 * What an application tells of what happens between its components. Each call is a few stores into memory.
 */
import type { Clock } from '../../clock.js'
import { BREAKER_STATES, type BreakerState, FLAG_OK, FLAG_REFUSED } from '../../reflex-binding.js'
import { EventRing } from './event-ring.js'

/** What stands for a component in records: a `Component` of a reflex, or what a recorder gives. */
export interface Handle {
  readonly name: string
  readonly handle: number
}

/** How a request or a call ended. */
export type Ended = 'ok' | 'failed' | 'refused'
const FLAGS: Readonly<Record<Ended, number>> = { ok: FLAG_OK, failed: 0, refused: FLAG_REFUSED }

const REQUEST_START = 0
const REQUEST_END = 1
const CALL = 2
const CALL_RETURN = 3
const RESOURCE_SPIKE = 4
const QUEUE_DEPTH = 5
const BREAKER = 6

export class EventWriter {
  readonly #clock: Clock
  readonly #ring: EventRing
  readonly #classOf: (error: unknown) => number

  constructor(
    clock: Clock,
    capacity: number,
    classOf: (error: unknown) => number,
    full: (records: Uint8Array) => void,
  ) {
    this.#clock = clock
    this.#classOf = classOf
    this.#ring = new EventRing(capacity, full)
  }

  /** A request reached a component. `request`: its number, from 1. */
  requestStart(component: Handle, request: number, timeUs = this.#clock.nowUs()): void {
    this.#ring.write(REQUEST_START, component.handle, timeUs, request, 0, 0)
  }

  /** A component is done with a request. `latencyUs` 0: from the times of the two events. */
  requestEnd(
    component: Handle,
    request: number,
    ended: Ended = 'ok',
    latencyUs = 0,
    error?: unknown,
    timeUs = this.#clock.nowUs(),
  ): void {
    this.#ring.write(this.#head(REQUEST_END, ended, error), component.handle, timeUs, request, 0, latencyUs)
  }

  /** A component calls another one, for a request or (0) for none. */
  call(caller: Handle, callee: Handle, request = 0, timeUs = this.#clock.nowUs()): void {
    this.#ring.write(CALL, caller.handle, timeUs, request, callee.handle, 0)
  }

  /** The other one answered. Not for calls that went through a permit: those were counted with it. */
  callReturn(
    caller: Handle,
    callee: Handle,
    request = 0,
    ended: Ended = 'ok',
    latencyUs = 0,
    error?: unknown,
    timeUs = this.#clock.nowUs(),
  ): void {
    this.#ring.write(this.#head(CALL_RETURN, ended, error), caller.handle, timeUs, request, callee.handle, latencyUs)
  }

  /** So much waits for a component. */
  queueDepth(component: Handle, depth: number, timeUs = this.#clock.nowUs()): void {
    this.#ring.write(QUEUE_DEPTH, component.handle, timeUs, 0, 0, depth)
  }

  /** A resource of a component is used up to this value. */
  resourceSpike(component: Handle, resource: Handle, value: number, timeUs = this.#clock.nowUs()): void {
    this.#ring.write(RESOURCE_SPIKE, component.handle, timeUs, 0, resource.handle, value)
  }

  /** The breaker of a component, in this process, is in this state: for reflexes of other processes. */
  breaker(component: Handle, state: BreakerState, timeUs = this.#clock.nowUs()): void {
    this.#ring.write(BREAKER, component.handle, timeUs, 0, 0, BREAKER_STATES.indexOf(state))
  }

  /** Hands over what was written. */
  drain(): void {
    this.#ring.drain()
  }

  #head(kind: number, ended: Ended, error: unknown): number {
    const flags = FLAGS[ended] << 8
    return error === undefined ? kind | flags : (kind | flags | (this.#classOf(error) << 16)) >>> 0
  }
}

/** What errors are told apart by: their code, else their name; bounded, since it is interned. */
export function errorName(error: unknown): string {
  const { code, name } = (typeof error === 'object' && error !== null ? error : {}) as {
    code?: unknown
    name?: unknown
  }
  const text =
    typeof code === 'string' && code !== '' ? code : typeof name === 'string' && name !== '' ? name : typeof error
  return text.slice(0, 64)
}
