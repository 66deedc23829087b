/**
 * Commands that are sent again because their answer got lost. Who sends the same `Idempotency-Key` with the same request gets the first
 * answer again and nothing is done twice; the same key with another request is refused. Keys belong to the token that sent
 * them, so nobody can read another's answer.
 *
 * Kept in memory: at most 1000 answers, a day long. After a restart a key is new; then `If-Match` keeps a replay from doing harm,
 * and what protects does none when it is done twice.
 */
import { wallTimeMs } from '../../clock.js'
import { Problem } from './problem.js'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

interface Kept {
  readonly fingerprint: string
  readonly atMs: number
  answer: Answer | undefined
}

const KEPT_MAX = 1000
const KEPT_MS = 86_400_000
const KEY = /^[\x21-\x7e]{1,128}$/

export class Replays {
  readonly #kept = new Map<string, Kept>()

  /** The first answer to this key, or that of `work`, which is kept. A failure inside is not: it may be tried again. */
  async once(
    actor: string,
    key: string | null,
    fingerprint: string,
    work: () => Promise<Answer>,
  ): Promise<{ answer: Answer; replayed: boolean }> {
    if (key === null) return { answer: await work(), replayed: false }
    if (!KEY.test(key))
      throw new Problem('malformed-request', 'Idempotency-Key must be 1 to 128 visible ASCII characters')
    const id = `${actor}\n${key}`
    const before = this.#kept.get(id)
    if (before !== undefined && wallTimeMs() - before.atMs < KEPT_MS) {
      if (before.fingerprint !== fingerprint)
        throw new Problem('key-reused', 'this Idempotency-Key came with another request before')
      if (before.answer === undefined)
        throw new Problem('in-progress', 'the first request with this Idempotency-Key is not answered yet', {
          headers: { 'retry-after': '1' },
        })
      return { answer: before.answer, replayed: true }
    }
    const kept: Kept = { fingerprint, atMs: wallTimeMs(), answer: undefined }
    this.#kept.delete(id)
    this.#kept.set(id, kept)
    this.#makeRoom()
    try {
      kept.answer = await work()
      return { answer: kept.answer, replayed: false }
    } catch (error) {
      this.#kept.delete(id)
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
