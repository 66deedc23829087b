/** What the page knows, and who wants to hear of it. */
import type { Change, State, TunerState } from '../server/api/state.js'
import { settled } from '../sse/settled.js'

export type Connection =
  | { readonly is: 'connecting' | 'live' }
  | { readonly is: 'lost'; readonly retryAtMs: number }
  | { readonly is: 'denied'; readonly title: string; readonly detail: string }

/** Changes that are kept per tuner; older ones are asked for again. */
const CHANGES_MAX = 5000

export class Model {
  connection: Connection = { is: 'connecting' }
  state: State | undefined
  /** `read` may only look. */
  role: 'read' | 'operate' = 'operate'
  version = ''
  /** The chosen tuner. */
  tuner = ''
  readonly #changes = new Map<string, Change[]>()
  readonly #listeners = new Set<() => void>()
  #waiting = false

  /** @returns what ends it */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Tells everybody, once per frame at most. */
  touch(): void {
    if (this.#waiting) return
    this.#waiting = true
    requestAnimationFrame(() => {
      this.#waiting = false
      this.#tell()
    })
  }

  /** The first state is told at once: what there is to draw is asked for a frame earlier. */
  takeState(state: State): void {
    const first = this.state === undefined
    this.state = state
    if (first) this.#tell()
    else this.touch()
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }

  get current(): TunerState | undefined {
    const tuners = this.state?.tuners ?? []
    return tuners.find(({ name }) => name === this.tuner) ?? tuners[0]
  }

  /** Whether a command could be sent now. */
  get operable(): boolean {
    return this.connection.is === 'live' && this.role === 'operate'
  }

  /** The newest first, of the present run and those before it. */
  changesOf(tuner: string): readonly Change[] {
    return this.#changes.get(tuner) ?? []
  }

  /**
   * Joins what came, the newest first, any number of times. A change that was known takes its new standing. Sequence numbers begin anew
   * with each run: a run that is not known yet stands where the others of `given` place it, else in front, or at the end if `older`.
   */
  addChanges(tuner: string, given: readonly Change[], older = false): void {
    const known = this.#changes.get(tuner) ?? []
    const runs = new Map<string, Map<number, Change>>()
    for (const run of orderOf(runsOf(known), runsOf(given), older)) runs.set(run, new Map())
    for (const change of [...known, ...given]) runs.get(change.runId)?.set(change.seq, change)
    const all = [...runs.values()].flatMap((changes) => [...changes.values()].sort((a, b) => b.seq - a.seq))
    this.#changes.set(tuner, settled(all.slice(0, CHANGES_MAX)))
  }
}

const runsOf = (changes: readonly Change[]): string[] => [...new Set(changes.map(({ runId }) => runId))]

/** Runs, the newest first, with those of what came where they belong. */
function orderOf(known: readonly string[], given: readonly string[], older: boolean): string[] {
  const fresh = given.filter((run) => !known.includes(run))
  const next = (run: string) => given.slice(given.indexOf(run)).find((one) => known.includes(one))
  const inFront = fresh.filter((run) => next(run) !== undefined)
  // With none that is known behind it a run follows the last one in front of it.
  const last = given.findLast((one) => known.includes(one))
  const rest = fresh.filter((run) => !inFront.includes(run))
  const behind = last === undefined ? [] : rest
  const inOrder = known.flatMap((run) => [
    ...inFront.filter((one) => next(one) === run),
    run,
    ...(run === last ? behind : []),
  ])
  if (last !== undefined) return inOrder
  return older ? [...inOrder, ...rest] : [...rest, ...inOrder]
}
