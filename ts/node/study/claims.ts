/**
 * Which open trials are being evaluated at this moment: one small file per evaluating process beside the study, gone when it ends.
 *
 * A trial that is open and claimed by nobody alive was left behind by a process that died or by a person who asked for it by hand.
 * Claims only decide who evaluates; results are safe without them. They are read and written under the study's lock.
 */
import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import process from 'node:process'
import { isDead, parseHolder, selfText } from './lock.js'

export class Claims {
  readonly #study: string
  readonly #path: string
  readonly #text: string
  readonly #onExit = (): void => this.remove()

  constructor(study: string) {
    const token = randomUUID()
    this.#study = study
    this.#path = `${study}.run-${process.pid}-${token.slice(0, 8)}`
    this.#text = selfText(token)
    process.once('exit', this.#onExit)
  }

  /** Says which trials this process evaluates now. */
  set(trials: Iterable<number>): void {
    const draft = `${this.#path}.new`
    writeFileSync(draft, `${this.#text}\n${[...trials].join(' ')}\n`)
    renameSync(draft, this.#path)
  }

  /** What other living processes evaluate. Removes what dead ones left. */
  others(): Set<number> {
    const folder = dirname(this.#study)
    const start = `${basename(this.#study)}.run-`
    const trials = new Set<number>()
    for (const name of readdirSync(folder)) {
      const path = join(folder, name)
      if (!name.startsWith(start) || path.startsWith(this.#path)) continue
      const [who = '', list = ''] = read(path).split('\n')
      const holder = parseHolder(who)
      if (holder === undefined || isDead(holder)) rmSync(path, { force: true })
      else for (const trial of list.split(' ')) if (trial !== '') trials.add(Number(trial))
    }
    return trials
  }

  remove(): void {
    process.off('exit', this.#onExit)
    rmSync(this.#path, { force: true })
    rmSync(`${this.#path}.new`, { force: true })
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
