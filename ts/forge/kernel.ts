/**
 * A blueprint that can be run: right from the first call, faster later.
 *
 * The processor answers until a kernel is proven on the device. Compiling and searching go on beside the calls, on the device's own
 * thread or in a worker; a better kernel is swapped in between two calls, and taken back when it errs or slows down.
 */
import { HomeostatError } from '../errors.js'
import type {
  BlueprintFacts,
  BufferCore,
  CoreExplanation,
  KernelCore,
  KnownKernel,
  TensorFacts,
} from '../forge-binding.js'
import { aborted, untilAborted } from './abort.js'
import type { Blueprint } from './blueprint.js'
import { bytesFor, type Elements, elementsFrom } from './elements.js'
import { NOTHING, type Step, type StepEvent } from './events.js'
import { type KnownOptions, only } from './known.js'
import { Latencies } from './latencies.js'
import type { Resolved } from './options.js'
import { bufferFor, DeviceTensor } from './tensor.js'

export type Inputs<I extends string> = { readonly [K in I]: Elements | DeviceTensor }
/** What a run gives when it stays on the device. */
export type OnDevice<R> =
  R extends Readonly<Record<string, Elements>> ? { readonly [K in keyof R]: DeviceTensor } : DeviceTensor

export interface WaitOptions {
  /** Nobody waits any longer; what was dispatched still ends. */
  readonly signal?: AbortSignal
}

export interface SettleOptions extends WaitOptions {
  /** Called for every schedule that is measured, with how many were. */
  readonly onMeasured?: (measured: number, event: StepEvent) => void
}

export interface KernelStats {
  /** Runs that ended well, and those that threw. */
  readonly runs: number
  readonly failed: number
  /** Schedules that a search measured. */
  readonly measured: number
  readonly promotions: number
  /** Candidates that were wrong, or that the driver refused: nobody saw their answers. */
  readonly rejections: number
  readonly rollbacks: number
  /** Who answers now. */
  readonly answers: 'device' | 'cpu'
  /** The schedules that answer; none where the processor does. */
  readonly schedules: readonly string[]
  /** Whether nothing is left to try for now. */
  readonly settled: boolean
  /** Milliseconds of the latest runs, their way to the device and back included; NaN before the first one. */
  readonly medianMs: number
  readonly p99Ms: number
}

export interface Explanation extends Omit<CoreExplanation, 'outputs'> {
  readonly hash: string
  readonly inputs: readonly TensorFacts[]
  readonly outputs: readonly TensorFacts[]
}

/** What a kernel needs of its forge. */
export interface Home {
  readonly options: Resolved
  readonly hasDevice: () => boolean
  /** Has the forge look for events soon. */
  readonly stir: () => void
  readonly closed: (kernel: object) => void
}

export class Kernel<I extends string = string, R = unknown> {
  /** What goes in. */
  readonly inputs: readonly TensorFacts[]
  /** What comes out. */
  readonly outputs: readonly TensorFacts[]
  /** SHA-256 of the blueprint. */
  readonly hash: string
  readonly #home: Home
  readonly #names: readonly string[] | undefined
  readonly #latencies = new Latencies()
  readonly #counts = { runs: 0, failed: 0, measured: 0, promotions: 0, rejections: 0, rollbacks: 0 }
  readonly #waiting = new Set<(step: Step, event: StepEvent) => void>()
  #core: KernelCore | undefined
  #schedules: readonly string[] = []
  #settled: boolean
  /** Whether its device is gone, and none has come since. */
  #lost = false

  /** @internal */
  constructor(home: Home, core: KernelCore, facts: BlueprintFacts, of: Blueprint<I, R>) {
    this.#home = home
    this.#core = core
    this.#names = of.outputNames
    this.#settled = !home.hasDevice()
    this.inputs = facts.inputs
    this.outputs = facts.outputs
    this.hash = facts.hash
  }

  /** One run. Inputs are copied before this returns. */
  async run(inputs: Inputs<I>, options: WaitOptions = {}): Promise<R> {
    const outputs = await this.#run(inputs, options, (core, given) => core.run(given, false))
    return this.#named((at, facts) => elementsFrom(facts.dtype, outputs[at] as Uint8Array)) as R
  }

  /** One run whose outputs stay on the device: nothing is read back. Dispose of what it gives. */
  async runOnDevice(inputs: Inputs<I>, options: WaitOptions = {}): Promise<OnDevice<R>> {
    const outputs = await this.#run(inputs, options, (core, given) => core.run(given, true))
    return this.#named((at, facts) => new DeviceTensor(outputs[at] as BufferCore, facts, this.#home)) as OnDevice<R>
  }

  async #run<T extends readonly (Uint8Array | BufferCore)[]>(
    inputs: Inputs<I>,
    { signal }: WaitOptions,
    work: (core: KernelCore, given: (Uint8Array | BufferCore)[]) => Promise<T>,
  ): Promise<T> {
    const core = this.#open('run()')
    aborted(signal)
    const given = this.#given(inputs)
    const { clock } = this.#home.options
    const start = clock.nowUs()
    const working = work(core, given)
    try {
      const outputs = await untilAborted(signal, working)
      this.#latencies.add((clock.nowUs() - start) / 1000)
      this.#counts.runs++
      return outputs
    } catch (error) {
      this.#counts.failed++
      // What comes after all is nobody's.
      working.then(drop, () => undefined)
      throw error
    } finally {
      this.#home.stir()
    }
  }

  #given(inputs: Inputs<I>): (Uint8Array | BufferCore)[] {
    const names = this.inputs.map((facts) => facts.name).join(', ')
    if (typeof inputs !== 'object' || inputs === null)
      throw new HomeostatError('HOMEOSTAT_TENSOR_MISMATCH', `inputs: expected an object of ${names}`)
    const unknown = Object.keys(inputs).find((name) => !this.inputs.some((facts) => facts.name === name))
    if (unknown !== undefined)
      throw new HomeostatError(
        'HOMEOSTAT_TENSOR_MISMATCH',
        `input '${unknown}': the blueprint has none of this name, it has ${names}`,
        { option: unknown },
      )
    return this.inputs.map((facts) => {
      const what = `input '${facts.name}'`
      const value = (inputs as Readonly<Record<string, unknown>>)[facts.name as string]
      return value instanceof DeviceTensor ? bufferFor(what, facts, value, this.#home) : bytesFor(what, facts, value)
    })
  }

  #named<T>(make: (at: number, facts: TensorFacts) => T): T | Readonly<Record<string, T>> {
    const made = this.outputs.map((facts, at) => make(at, facts))
    if (this.#names === undefined) return made[0] as T
    return Object.fromEntries(this.#names.map((name, i) => [name, made[i] as T]))
  }

  /** Waits for the first verdict on the device; whether it answers from then on. False at once where there is none. */
  async warm({ signal }: WaitOptions = {}): Promise<boolean> {
    this.#open('warm()')
    aborted(signal)
    const decided = (): boolean => this.#schedules.length > 0 || this.#settled
    if (!decided()) await this.#until(signal, decided)
    return this.#schedules.length > 0
  }

  /** Waits until there is nothing left to try for now: the search is over, and what it found answers. */
  async settled({ signal, onMeasured }: SettleOptions = {}): Promise<KernelStats> {
    const core = this.#open('settled()')
    aborted(signal)
    // A device that was lost may be on its way back.
    if (this.#settled && this.#lost) this.#settled = (await core.explain()).settled
    const before = this.#counts.measured
    if (!this.#settled)
      await this.#until(
        signal,
        () => this.#settled,
        (step, event) => {
          if (step === 'measured') onMeasured?.(this.#counts.measured - before, event)
        },
      )
    return this.stats()
  }

  async #until(
    signal: AbortSignal | undefined,
    done: () => boolean,
    see: (step: Step, event: StepEvent) => void = () => {},
  ): Promise<void> {
    let look: ((step: Step, event: StepEvent) => void) | undefined
    const waiting = new Promise<void>((resolve) => {
      look = (step, event) => {
        see(step, event)
        if (done() || this.#core === undefined) resolve()
      }
      this.#waiting.add(look)
    })
    this.#home.stir()
    try {
      await untilAborted(signal, waiting)
    } finally {
      this.#waiting.delete(look as () => void)
    }
  }

  /** @internal A step of its life. */
  note(step: Step, event: StepEvent): void {
    if (step === 'measured') this.#counts.measured++
    else if (step === 'rejected') this.#counts.rejections++
    else if (step === 'promoted') {
      this.#counts.promotions++
      this.#schedules = event.schedules
    } else if (step === 'rolledBack') {
      this.#counts.rollbacks++
      this.#schedules = event.schedules
    } else if (step === 'deviceLost') {
      this.#schedules = []
      this.#settled = true
      this.#lost = true
    } else if (step === 'attached' || step === 'queued' || step === 'shed' || step === 'compiling')
      this.#settled = false
    else if (step === 'settled') this.#settled = true
    if (step === 'attached') this.#lost = false
    for (const look of this.#waiting) look(step, event)
  }

  /** @internal Events were dropped: where it stands is asked for. */
  async resync(): Promise<void> {
    const known = await this.#core?.explain()
    if (known === undefined) return
    this.#settled = known.settled
    this.#schedules = known.groups.flatMap(({ schedule }) => schedule ?? [])
    for (const look of this.#waiting) look('gap', NOTHING)
  }

  /** @internal Whether the forge has to look for its events. */
  get isBusy(): boolean {
    return this.#core !== undefined && !this.#settled
  }

  /** @internal Whether somebody waits for a step of its life. */
  get isAwaited(): boolean {
    return this.#waiting.size > 0
  }

  /** Counts and latencies since it was made. */
  stats(): KernelStats {
    return {
      ...this.#counts,
      answers: this.#schedules.length > 0 ? 'device' : 'cpu',
      schedules: this.#schedules,
      settled: this.#settled,
      medianMs: this.#latencies.quantile(0.5),
      p99Ms: this.#latencies.quantile(0.99),
    }
  }

  /** What the core knows of it: how each group is computed, and what its runs came to. */
  async explain(): Promise<Explanation> {
    return { ...(await this.#open('explain()').explain()), hash: this.hash, inputs: this.inputs, outputs: this.outputs }
  }

  /** What the library has of it on this device: what answers and what is remembered beside it, each group's fastest first. */
  async known(options: KnownOptions = {}): Promise<readonly KnownKernel[]> {
    return only(options)(await this.#open('known()').known())
  }

  #open(call: string): KernelCore {
    if (this.#core !== undefined) return this.#core
    throw new HomeostatError('HOMEOSTAT_CLOSED', `${call}: this kernel was disposed`)
  }

  /** Gives its memory back. Runs that have begun end as they began; whoever waits for it is let go. */
  dispose(): void {
    const core = this.#core
    if (core === undefined) return
    this.#core = undefined
    this.#settled = true
    for (const look of this.#waiting) look('disposed', NOTHING)
    this.#home.closed(this)
    core.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.dispose()
  }
}

function drop(outputs: readonly (Uint8Array | BufferCore)[]): void {
  for (const one of outputs) if (!(one instanceof Uint8Array)) one.close()
}
