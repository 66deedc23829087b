/** What the page knows, and who wants to hear of it. */
import type { Change, State, TunerState } from '../server/api/state.js'

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
      for (const listener of this.#listeners) listener()
    })
  }

  get current(): TunerState | undefined {
    const tuners = this.state?.tuners ?? []
    return tuners.find(({ name }) => name === this.tuner) ?? tuners[0]
  }

  /** Whether a command could be sent now. */
  get operable(): boolean {
    return this.connection.is === 'live' && this.role === 'operate'
  }

  /** The newest first. */
  changesOf(tuner: string): readonly Change[] {
    return this.#changes.get(tuner) ?? []
  }

  /** Joins what came, in any order and any number of times. A change that was known takes its new standing. */
  addChanges(tuner: string, given: readonly Change[]): void {
    const known = this.#changes.get(tuner) ?? []
    const runId = given[0]?.runId ?? known[0]?.runId
    const bySeq = new Map<number, Change>()
    for (const change of [...known, ...given]) if (change.runId === runId) bySeq.set(change.seq, change)
    const all = [...bySeq.values()].sort((a, b) => b.seq - a.seq).slice(0, CHANGES_MAX)
    this.#changes.set(tuner, settled(all))
  }
}

/** Of changes of values only the last one is live: what is told of a change later is told of the newer one alone. */
function settled(changes: Change[]): Change[] {
  let live = false
  return changes.map((change) => {
    if (change.standing !== 'live') return change
    if (!live) {
      live = true
      return change
    }
    return { ...change, standing: 'superseded' as const }
  })
}
