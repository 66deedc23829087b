/**
 * The loop of `homeostat interactive`: reads what there is, answers every whole line in it, writes the answers together.
 */
import type { Readable, Writable } from 'node:stream'
import type { SolverCore, StudyConfig } from '../../binding.js'
import { Knobs } from '../../node/study/knobs.js'
import type { StudyFile } from '../../node/study/study-file.js'
import { type Line, LineCutter } from './lines.js'
import { errorAnswer, Session } from './session.js'

/** A study in memory or in a file: `work` is done when what it changed is kept. */
export interface Store {
  readonly knobs: Knobs
  change(work: (core: SolverCore) => string[], sync: () => boolean): string[]
}

export function memoryStore(core: SolverCore, config: StudyConfig): Store {
  return {
    knobs: new Knobs(config),
    change(work) {
      const answers = work(core)
      // Nobody reads this log: it must not grow.
      core.takeLog()
      return answers
    },
  }
}

export function fileStore(file: StudyFile): Store {
  return { knobs: file.knobs, change: (work, sync) => file.change(work, sync) }
}

export interface Serving {
  readonly input: Readable
  readonly output: Writable
  /** What is told is on the disk before it is acknowledged. */
  readonly durable: boolean
  /** Aborted: it ends between two requests. */
  readonly signal: AbortSignal
}

/** Until the end of the input, `close`, or the signal. */
export function serve(store: Store, { input, output, durable, signal }: Serving): Promise<void> {
  const session = new Session(store.knobs)
  const cutter = new LineCutter()
  return new Promise((resolve, reject) => {
    const done = (): void => {
      input.off('data', take)
      input.off('end', end)
      input.off('error', reject)
      signal.removeEventListener('abort', done)
      // A pause is not enough: what is being read at this moment keeps the process alive.
      input.destroy()
      resolve()
    }
    const answer = (lines: readonly Line[]): void => {
      if (lines.length === 0) return
      const kept = output.write(`${answerAll(store, session, lines, durable).join('\n')}\n`)
      if (session.closed) done()
      else if (!kept) {
        // Whoever does not read its answers is not read either.
        input.pause()
        output.once('drain', () => input.resume())
      }
    }
    const take = (bytes: Buffer): void => answer(cutter.push(bytes))
    const end = (): void => {
      answer(cutter.end())
      done()
    }
    input.on('data', take)
    input.on('end', end)
    input.on('error', reject)
    signal.addEventListener('abort', done)
  })
}

function answerAll(store: Store, session: Session, lines: readonly Line[], durable: boolean): string[] {
  const answers: string[] = []
  session.told = false
  try {
    return store.change(
      (core) => {
        for (const line of lines) {
          answers.push(session.answer(core, line))
          if (session.closed) break
        }
        return answers
      },
      () => durable && session.told,
    )
  } catch (error) {
    // Nothing of this is in the file: whoever asked must not believe it is.
    const refused = errorAnswer(error)
    return lines.slice(0, answers.length || lines.length).map(() => refused)
  }
}
