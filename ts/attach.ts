/**
 * Attaches a thread to a tuner that another thread owns: the same knobs and signals, through the same memory, without messages.
 */
import { HomeostatError } from './errors.js'
import { openHandle, type TunerHandle } from './handle.js'
import type { Host } from './host.js'
import { CellReader } from './memory/cell.js'
import { claimLane, releaseLane, workerReport } from './memory/ring.js'
import { knobView, signalView } from './memory/views.js'
import type { KnobSpecs, KnobValues } from './schema/knob.js'
import type { SignalReporters, SignalSpecs } from './schema/signal.js'
import { type Snapshot, takeSnapshot } from './snapshot.js'

/** What a worker thread sees of a tuner. */
export interface Attached<K extends KnobSpecs = KnobSpecs, S extends SignalSpecs = SignalSpecs> {
  readonly name: string
  /** The live values; each read is one memory read. */
  readonly knobs: KnobValues<K>
  /** Reports samples into this thread's ring. After `detach()` they go nowhere. */
  readonly signals: SignalReporters<S>
  /** Generation of the live values; take it at a request's start and pass it along with its samples. */
  readonly generation: number
  /** All values of one generation. Throws `HOMEOSTAT_SNAPSHOT_BUSY` when a writer died inside the cell. */
  snapshot(): Snapshot<K>
  /** Gives this thread's ring back. Safe to call twice. */
  detach(): void
}

/** `typeof tuner` -> what a worker sees of it; also takes a handle's type. */
export type AttachedTo<T> = T extends { readonly handle: TunerHandle<infer K, infer S> }
  ? Attached<K, S>
  : T extends TunerHandle<infer K, infer S>
    ? Attached<K, S>
    : Attached

export interface Attach {
  /**
   * Attaches to the tuner whose `handle` was posted to this thread: `attach<typeof tuner>(workerData.tuner)`. Throws
   * `HOMEOSTAT_INVALID_HANDLE`, or `HOMEOSTAT_NO_LANE` when as many threads as `lanes` allows are attached.
   */
  <K extends KnobSpecs, S extends SignalSpecs>(handle: TunerHandle<K, S>): Attached<K, S>
  <T>(handle: unknown): AttachedTo<T>
}

export function makeAttach(host: Host): Attach {
  return ((value: unknown): Attached => {
    const { handle, memory } = openHandle(value)
    const lane = claimLane(memory, handle.worker)
    if (lane === 0) {
      throw new HomeostatError(
        'HOMEOSTAT_NO_LANE',
        `all ${handle.lanes - 1} lanes for worker threads of tuner "${handle.name}" are taken; detach one, release() those of threads that were terminated, or raise the option \`lanes\``,
        { option: 'lanes', range: `more than ${handle.lanes}`, received: handle.lanes },
      )
    }
    const reader = new CellReader(memory)
    const { live } = memory
    let attached = true
    const reports = handle.signals.map((_, i) => workerReport(memory, lane, i, handle.worker))
    const detach = (): void => {
      if (!attached) return
      attached = false
      stopWatching?.()
      releaseLane(memory, lane, handle.worker)
    }
    const stopWatching = host.onThreadExit?.(detach)
    return {
      name: handle.name,
      knobs: knobView(handle.knobs, live) as KnobValues<KnobSpecs>,
      signals: signalView(handle.signals, (i) => {
        const report = reports[i] as (typeof reports)[number]
        return (sample, generation) => {
          if (attached) report(sample, generation)
        }
      }) as SignalReporters<SignalSpecs>,
      get generation() {
        return live[0] as number
      },
      snapshot: () => takeSnapshot(handle.name, handle.knobs, reader),
      detach,
    }
  }) as Attach
}
