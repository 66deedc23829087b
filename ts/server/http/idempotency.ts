/**
 * Commands that are sent again because their answer got lost. Who sends the same `Idempotency-Key` with the same request gets the first
 * answer again and nothing is done twice; the same key with another request is refused. Keys belong to the token that sent
 * them, so nobody can read another's answer.
 *
 * Kept in memory: at most 1000 answers, a day long, and in a store where the server has one. Without a store a key is new after a
 * restart; then `If-Match` keeps a replay from doing harm, and what protects does none when it is done twice: it never waits for a store.
 */
import { wallTimeMs } from '../../clock.js'
import { type Answer, inProgress, KEPT_MS, type KeptAnswers, reused } from './kept-answers.js'
import { Problem } from './problem.js'

export type { Answer } from './kept-answers.js'

interface Kept {
  readonly fingerprint: string
  readonly atMs: number
  answer: Answer | undefined
}

const KEPT_MAX = 1000
const KEY = /^[\x21-\x7e]{1,128}$/

export class Replays {
  readonly #kept = new Map<string, Kept>()
  readonly #store: KeptAnswers | undefined

  constructor(store?: KeptAnswers) {
    this.#store = store
  }

  /** The first answer to this key, or that of `work`, which is kept. A failure inside is not: it may be tried again. */
  async once(
    actor: string,
    key: string | null,
    fingerprint: string,
    work: () => Promise<Answer>,
    protects = false,
  ): Promise<{ answer: Answer; replayed: boolean }> {
    if (key === null) return { answer: await work(), replayed: false }
    if (!KEY.test(key))
      throw new Problem('malformed-request', 'Idempotency-Key must be 1 to 128 visible ASCII characters')
    const id = `${actor}\n${key}`
    const before = this.#kept.get(id)
    if (before !== undefined && wallTimeMs() - before.atMs < KEPT_MS) {
      if (before.fingerprint !== fingerprint) throw reused()
      if (before.answer === undefined) throw inProgress()
      return { answer: before.answer, replayed: true }
    }
    const kept: Kept = { fingerprint, atMs: wallTimeMs(), answer: undefined }
    this.#kept.delete(id)
    this.#kept.set(id, kept)
    this.#makeRoom()
    const store = protects ? undefined : this.#store
    let begun = false
    try {
      const known = await store?.begin(actor, key, fingerprint)
      if (known !== undefined) {
        kept.answer = known
        return { answer: known, replayed: true }
      }
      begun = true
      const answer = await work()
      kept.answer = answer
      await store?.end(actor, key, fingerprint, answer)
      return { answer, replayed: false }
    } catch (error) {
      this.#kept.delete(id)
      if (begun) await store?.forget(actor, key)
      throw error
    }
  }

  /** The oldest go first. */
  #makeRoom(): void {
    for (const [id, { atMs }] of this.#kept) {
      if (this.#kept.size <= KEPT_MAX && wallTimeMs() - atMs < KEPT_MS) break
      this.#kept.delete(id)
    }
  }
}
