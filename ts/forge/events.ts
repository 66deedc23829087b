/**
 * What a forge tells: every step of a kernel's life, and what became of the device. A listener that throws is reported where
 * uncaught errors are, and never reaches the forge.
 */
import type { AdapterFacts, CoreEvent, CoreEventName } from '../forge-binding.js'

/** The core's name of a step -> the listener's. */
const STEPS = {
  attached: 'attached',
  'device-gone': 'deviceLost',
  added: 'added',
  disposed: 'disposed',
  queued: 'queued',
  shed: 'shed',
  compiling: 'compiling',
  measured: 'measured',
  proven: 'proven',
  validated: 'validated',
  rejected: 'rejected',
  proposed: 'proposed',
  refused: 'refused',
  promoted: 'promoted',
  kept: 'kept',
  demoted: 'demoted',
  quarantined: 'quarantined',
  'rolled-back': 'rolledBack',
  retired: 'retired',
  settled: 'settled',
  breaker: 'breaker',
  unkept: 'unkept',
  capacity: 'capacity',
  gap: 'gap',
} as const satisfies Readonly<Record<CoreEventName, string>>

/**
 * `attached`, `deviceLost`: the device is there; it is gone, and the processor answers. `added`, `disposed`: a kernel. `queued`: it waits
 * for its turn. `shed`: there is no room for it now, or a stage's breaker is open; it comes back by itself. `compiling`: a candidate is
 * compiled and proven. `proven`: it is right, and is timed. `measured`: a search timed a schedule. `validated`: it passed every check. `rejected`: it was
 * wrong or the driver refused it; nobody saw its answer. `proposed`, `promoted`: it is to answer, and does. `refused`: it is right,
 * and not faster by more than the noise. `kept`: it answered long enough. `demoted`: it became slow. `quarantined`: it was wrong and
 * never answers again. `rolledBack`: the one before it answers, or the processor. `retired`: better ones have taken its place, or it was
 * disposed of, or its device is gone. `settled`: there is nothing left to try for now.
 * Of the forge: `breaker`: a stage's breaker changed its state. `capacity`: so much of the usual work is welcome. `unkept`: what was
 * learned could not be kept for now. `gap`: so many decisions were not recorded, or so many events were not told.
 */
export type Step = (typeof STEPS)[CoreEventName]

/** What a step rests on. */
export interface StepEvent {
  /** SHA-256 of the kernel's blueprint; absent where it is about the device. */
  readonly blueprint: string | undefined
  /** A schedule for each group; none for the processor. */
  readonly schedules: readonly string[]
  /** Of a run. */
  readonly seconds: number | undefined
  /** Its time over that of what it is compared with. */
  readonly ratio: number | undefined
  readonly ratioInterval: readonly [number, number] | undefined
  /** The greatest error, as a share of what is allowed. */
  readonly worstError: number | undefined
  readonly runs: number | undefined
  readonly reason: string | undefined
  /** Of a candidate that was wrong: the smallest case found that fails, and how. Natively alone. */
  readonly smallest: string | undefined
  /** On the core's clock. */
  readonly timeUs: number
}

/** A step that rests on nothing. */
export const NOTHING: StepEvent = {
  blueprint: undefined,
  schedules: [],
  seconds: undefined,
  ratio: undefined,
  ratioInterval: undefined,
  worstError: undefined,
  runs: undefined,
  reason: undefined,
  smallest: undefined,
  timeUs: 0,
}

export type ForgeEvents = { readonly [K in Step]: StepEvent } & {
  /** Something beside the runs failed: keeping the library or the journal. The runs go on. */
  readonly trouble: { readonly error: Error }
  /** The forge has no device, and the processor answers. */
  readonly fallback: { readonly reason: string }
  readonly opened: { readonly adapter: AdapterFacts | undefined }
  /** The library was read: entries taken, damaged ones and those of other versions passed over. */
  readonly library: { readonly taken: number; readonly damaged: number; readonly otherVersion: number }
  readonly closed: object
}

export type ForgeEvent = { [K in keyof ForgeEvents]: { readonly type: K } & ForgeEvents[K] }[keyof ForgeEvents]
export type Listener<K extends keyof ForgeEvents> = (event: { readonly type: K } & ForgeEvents[K]) => void

export const stepOf = (event: CoreEvent): Step | undefined => STEPS[event.event]

export function detailsOf(event: CoreEvent): StepEvent {
  const [low, high] = event.ratio_interval ?? []
  return {
    blueprint: event.blueprint,
    schedules: event.schedules ?? [],
    seconds: event.seconds,
    ratio: event.ratio,
    ratioInterval: low === undefined || high === undefined ? undefined : [low, high],
    worstError: event.worst_error,
    runs: event.runs,
    reason: event.reason,
    smallest: event.smallest,
    timeUs: event.time_us,
  }
}

export class Events {
  readonly #listeners = new Map<string, Set<(event: never) => void>>()

  on<K extends keyof ForgeEvents>(type: K, listener: Listener<K>): () => void {
    const all = this.#listeners.get(type) ?? new Set()
    this.#listeners.set(type, all)
    all.add(listener as (event: never) => void)
    return () => void all.delete(listener as (event: never) => void)
  }

  emit<K extends keyof ForgeEvents>(type: K, event: ForgeEvents[K]): void {
    for (const listener of this.#listeners.get(type) ?? []) {
      try {
        ;(listener as Listener<K>)({ type, ...event })
      } catch (error) {
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }
}
