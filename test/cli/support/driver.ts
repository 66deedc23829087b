/** Drives `homeostat interactive` one request at a time, as a program in any language would. */
import type { ChildProcess } from 'node:child_process'
import { type CallOptions, ended, type Result, start } from './cli.js'

export class Driver {
  readonly child: ChildProcess
  readonly end: Promise<Result>
  /** Lines on standard output so far. */
  answers = 0
  #open = ''
  readonly #waiting: ((line: string) => void)[] = []

  constructor(args: readonly string[], options: CallOptions, child = start(['interactive', ...args], options)) {
    this.child = child
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#take(text))
    this.end = ended(this.child)
  }

  /** The answer to a request; never where the process dies. */
  ask(request: object | string): Promise<string> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      this.child.stdin?.write(`${typeof request === 'string' ? request : JSON.stringify(request)}\n`)
    })
  }

  async json<T>(request: object): Promise<T> {
    return JSON.parse(await this.ask(request)) as T
  }

  /** Ends the input; resolves when the process has ended. */
  close(): Promise<Result> {
    this.child.stdin?.end()
    return this.end
  }

  #take(text: string): void {
    const lines = (this.#open + text).split('\n')
    this.#open = lines.pop() as string
    for (const line of lines) {
      this.answers++
      const waiting = this.#waiting.shift()
      if (waiting === undefined) throw new Error(`a line that nobody asked for: ${line}`)
      waiting(line)
    }
  }
}
