/**
 * Answers to commands in a store, so that a key that was used before a restart, or at another server of the same store, is known here.
 * A store that does not answer within a second is done without: what was asked for is not held up by it.
 */
import { wallTimeMs } from '../../clock.js'
import type { Item, ItemRepository, StoredAnswer } from '../../storage/contract.js'
import { Problem } from './problem.js'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** How long an answer is kept. */
export const KEPT_MS = 86_400_000
/** Longer than a command takes: who began it has ended. */
const BEGUN_MS = 60_000
const PATIENCE_MS = 1000
/** Answers that were kept here before old ones are looked for. */
const SWEEP_EVERY = 100
const PAGE = 1000

export class KeptAnswers {
  readonly #items: ItemRepository<StoredAnswer>
  readonly #runId: string
  #untilSweep = 1

  constructor(items: ItemRepository<StoredAnswer>, runId: string) {
    this.#items = items
    this.#runId = runId
  }

  /** The answer that is kept; undefined: it is begun now. Throws `key-reused` and `in-progress`. */
  async begin(actor: string, key: string, fingerprint: string): Promise<Answer | undefined> {
    const item = await within(this.#items.get(actor, key))
    const known = item !== undefined && wallTimeMs() - item.value.atMs < KEPT_MS ? item.value : undefined
    if (known !== undefined && known.fingerprint !== fingerprint) throw reused()
    if (known?.answer != null) return known.answer
    // Of a server that ended meanwhile nothing is known: `If-Match` keeps what is done again from doing harm.
    if (known !== undefined && known.runId !== this.#runId && wallTimeMs() - known.atMs < BEGUN_MS) throw inProgress()
    try {
      await this.#put(actor, key, { fingerprint, answer: null }, item)
    } catch (error) {
      if ((error as { code?: unknown }).code === 'HOMEOSTAT_STORAGE_CONFLICT') throw inProgress()
    }
    return undefined
  }

  async end(actor: string, key: string, fingerprint: string, answer: Answer): Promise<void> {
    await within(this.#put(actor, key, { fingerprint, answer }))
    if (--this.#untilSweep > 0) return
    this.#untilSweep = SWEEP_EVERY
    void this.#sweep().catch(() => {})
  }

  /** It failed and may be tried again. */
  async forget(actor: string, key: string): Promise<void> {
    await within(this.#items.remove(actor, key))
  }

  #put(
    actor: string,
    key: string,
    part: Pick<StoredAnswer, 'fingerprint' | 'answer'>,
    before?: Item<StoredAnswer> | undefined,
  ): Promise<number | undefined> {
    const value = { ...part, runId: this.#runId, atMs: wallTimeMs() }
    const version = part.answer === null ? (before?.version ?? 0) : undefined
    return patient(this.#items.put(actor, key, value, version))
  }

  async #sweep(): Promise<void> {
    let after: { scope: string; id: string } | undefined
    for (;;) {
      const page = await this.#items.list({ limit: PAGE, ...(after !== undefined && { after }) })
      for (const { scope, id, version, value } of page)
        if (wallTimeMs() - value.atMs >= KEPT_MS) await this.#items.remove(scope, id, version)
      after = page.at(-1)
      if (page.length < PAGE) return
    }
  }
}

export const reused = (): Problem => new Problem('key-reused', 'this Idempotency-Key came with another request before')
export const inProgress = (): Problem =>
  new Problem('in-progress', 'the first request with this Idempotency-Key is not answered yet', {
    headers: { 'retry-after': '1' },
  })

/** What came of it in time. */
async function patient<T>(work: Promise<T>): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), PATIENCE_MS)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
    work.catch(() => {})
  }
}

/** The same, and nothing where it fails. */
const within = <T>(work: Promise<T>): Promise<T | undefined> => patient(work).catch(() => undefined)
