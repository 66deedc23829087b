/**
 * Ending a command that runs for long: the first signal asks it to end, a second one is not waited for.
 */
import process from 'node:process'
import { EXIT } from './exit.js'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export const exitOfSignal = (name: NodeJS.Signals | undefined): number =>
  name === 'SIGINT' ? EXIT.interrupted : EXIT.terminated

export class Interrupt {
  readonly #controller = new AbortController()
  readonly #handler = (name: NodeJS.Signals): void => {
    if (this.name !== undefined) process.exit(exitOfSignal(name))
    this.name = name
    this.#controller.abort()
  }
  /** The first signal, once there was one. */
  name: NodeJS.Signals | undefined

  constructor() {
    for (const name of SIGNALS) process.on(name, this.#handler)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  close(): void {
    for (const name of SIGNALS) process.off(name, this.#handler)
  }
}
