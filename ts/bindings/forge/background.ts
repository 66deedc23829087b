/**
 * What goes on beside the runs: the engine says what the device should do next, one command at a time, and is told what came of it.
 */
import type { Device } from './device.js'
import { failureOf } from './failure.js'
import type { Command, Engine } from './module.js'

/** How soon to ask again where there was nothing to do now. */
const SOON_MS = 10
/** A kernel that rests goes on when the device was idle for a while. */
const LATER_MS = 100

export class Background {
  readonly #engine: Engine
  readonly #device: () => Device | undefined
  readonly #nowUs: () => number
  readonly #kernels = new Set<number>()
  #running = false
  #ended = false
  /** Counts up when what is out needs no reply any more. */
  #life = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(engine: Engine, device: () => Device | undefined, nowUs: () => number) {
    this.#engine = engine
    this.#device = device
    this.#nowUs = nowUs
  }

  watch(kernel: number): void {
    this.#kernels.add(kernel)
    this.stir()
  }

  forget(kernel: number): void {
    this.#kernels.delete(kernel)
  }

  /** The device is gone: nothing is out. */
  abandon(): void {
    this.#life++
  }

  end(): void {
    this.#ended = true
    clearTimeout(this.#timer)
  }

  /** Something may be to be done. */
  stir(): void {
    if (this.#ended || this.#running || this.#device() === undefined) return
    this.#again(0)
  }

  #again(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#go(), ms)
    ;(this.#timer as { unref?: () => void }).unref?.()
  }

  async #go(): Promise<void> {
    if (this.#running || this.#ended) return
    this.#running = true
    try {
      for (;;) {
        const text = this.#engine.next(this.#nowUs())
        if (text === '') break
        await this.#carryOut(JSON.parse(text) as Command)
        if (this.#ended) return
      }
    } catch {
      // The engine panicked: every later call says so to whoever makes it.
      this.#ended = true
    } finally {
      this.#running = false
    }
    if (this.#device() === undefined || this.#kernels.size === 0 || this.#ended) return
    const busy = [...this.#kernels].some((kernel) => !this.#engine.hasSettled(kernel))
    this.#again(busy ? SOON_MS : LATER_MS)
  }

  async #carryOut(command: Command): Promise<void> {
    const life = this.#life
    const device = this.#device()
    try {
      if (device === undefined) return
      const reply = await this.#do(device, command)
      if (life === this.#life && !this.#ended) reply()
    } catch (error) {
      if (life !== this.#life || this.#ended) return
      const { code, message } = failureOf(error)
      if (code === 'HOMEOSTAT_PANIC') throw error
      this.#engine.replyFailed(code, message)
    }
  }

  /** Carries a command out; what it gives sends the reply. */
  async #do(device: Device, command: Command): Promise<() => void> {
    const engine = this.#engine
    switch (command.do) {
      case 'compile':
        await device.compile(command.program, command.recipe)
        return () => engine.replyDone()
      case 'execute':
        return this.#execute(device, command)
      case 'compute': {
        const start = this.#nowUs()
        engine.computeCommand(command.kernel)
        const seconds = (this.#nowUs() - start) / 1e6
        return () => engine.replyExecuted(seconds)
      }
      case 'time': {
        const { wallS, ownS } = await device.program(command.program).time(command.group, command.times, this.#nowUs)
        return () => engine.replyTimed(wallS, ownS)
      }
      case 'drop':
        device.drop(command.program)
        return () => engine.replyDone()
    }
  }

  async #execute(device: Device, command: Command & { readonly do: 'execute' }): Promise<() => void> {
    const engine = this.#engine
    const program = device.program(command.program)
    const { recipe } = program
    const start = this.#nowUs()
    if (!command.guarded) {
      const inputs = Array.from({ length: recipe.inputs }, (_, i) => engine.commandInput(i))
      const outputs = await program.answer(inputs)
      const seconds = (this.#nowUs() - start) / 1e6
      return () => {
        outputs.forEach((bytes, i) => void engine.setTensor(command.kernel, true, i, bytes))
        engine.replyExecuted(seconds)
      }
    }
    for (const place of recipe.tensors.keys()) {
      if (!recipe.zeroed.includes(place)) program.write(place, engine.guarded(command.program, place), true)
    }
    const buffers = await program.prove()
    const seconds = (this.#nowUs() - start) / 1e6
    return () => {
      try {
        buffers.forEach((bytes, place) => {
          if (!recipe.zeroed.includes(place)) engine.checkGuarded(command.program, place, bytes)
        })
      } catch (error) {
        const { code, message } = failureOf(error)
        engine.replyFailed(code, message)
        return
      }
      engine.replyExecuted(seconds)
    }
  }
}
