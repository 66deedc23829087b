/** Studies of the solver: a log each, and what `minimize({ checkpoint })` keeps them with. */
import type { StudyStore } from '../../solver/study.js'
import type { LogWriter, StudyRepository } from '../contract.js'
import { Logs } from './logs.js'

export class Checkpoints extends Logs implements StudyRepository {
  checkpoint(name: string): StudyStore {
    return new Checkpoint(this, name)
  }
}

/** Holds the log from `load` to `close`. Lines are kept whole, so that there is never an incomplete one to cut off. */
class Checkpoint implements StudyStore {
  readonly #logs: Logs
  readonly #name: string
  #writer: LogWriter | undefined

  constructor(logs: Logs, name: string) {
    this.#logs = logs
    this.#name = name
  }

  async load(): Promise<string> {
    this.#writer ??= await this.#logs.open(this.#name)
    const decoder = new TextDecoder()
    let text = ''
    for await (const piece of this.#logs.read(this.#name)) text += decoder.decode(piece, { stream: true })
    return text
  }

  async append(lines: string): Promise<void> {
    this.#writer ??= await this.#logs.open(this.#name)
    await this.#writer.append(lines)
  }

  async close(): Promise<void> {
    await this.#writer?.close()
    this.#writer = undefined
  }
}
