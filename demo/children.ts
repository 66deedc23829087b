import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** A child process of this program in one of its roles, with typed messages both ways. */
export class Child<In, Out extends { type: string }> {
  readonly #process: ChildProcess
  readonly #listeners = new Set<(message: Out) => void>()
  readonly #timers = new Set<NodeJS.Timeout>()
  #ended: Error | undefined

  readonly role: string
  constructor(entry: URL, role: string) {
    this.role = role
    this.#process = fork(fileURLToPath(entry), [`--role=${role}`], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.#process.on('message', (message) => {
      for (const listener of this.#listeners) listener(message as Out)
    })
    this.#process.on('exit', (code, signal) => {
      this.#ended = new Error(`the ${role} process ended early (${signal ?? `status ${code}`})`)
      for (const listener of this.#listeners) listener({ type: 'failed', message: this.#ended.message } as never)
    })
  }

  on(listener: (message: Out) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  send(message: In): void {
    if (this.#process.connected) this.#process.send(message as object, () => {})
  }

  /** The next message of this type; rejects when the child fails, ends by itself or takes longer than `withinMs`. */
  next<T extends Out['type']>(type: T, withinMs: number): Promise<Extract<Out, { type: T }>> {
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(this.#ended)
      const timer = setTimeout(() => {
        off()
        reject(new Error(`the ${this.role} process did not say "${type}" within ${withinMs} ms`))
      }, withinMs)
      this.#timers.add(timer)
      const off = this.on((message) => {
        if (message.type !== type && message.type !== 'failed') return
        off()
        clearTimeout(timer)
        this.#timers.delete(timer)
        if (message.type === type) resolve(message as Extract<Out, { type: T }>)
        else reject(new Error(`${this.role}: ${(message as unknown as { message: string }).message}`))
      })
    })
  }

  /** Sends a signal: `SIGSTOP` hangs the process as a fault does, without its help. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#process.kill(name)
  }

  /** Ends the process, kindly first; resolves when it is gone. */
  async end(graceMs = 500): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const gone = new Promise<void>((resolve) => this.#process.once('exit', () => resolve()))
    this.#listeners.clear()
    for (const waiting of this.#timers) clearTimeout(waiting)
    if (this.#process.connected) this.#process.disconnect()
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), graceMs)
    await gone
    clearTimeout(timer)
  }
}
