/** What is known of kernels, and the lines of a forge's library among it. */
import { isHomeostatError } from '../errors.js'
import type { KernelLines, KernelRecord, KernelRepository } from './contract.js'
import { sha256 } from './hash.js'
import { Items } from './items.js'

const PAGE = 1000
const QUARANTINED = 'quarantined'
/** What a line says besides what identifies a kernel. */
const FACTS = ['v', 'kernel', 'seconds', 'extra_bytes', 'error', 'portable', 'state', 'numbers']

export class Kernels extends Items<KernelRecord> implements KernelRepository {
  library(name = 'forge'): KernelLines {
    return new Library(this, name)
  }
}

class Library implements KernelLines {
  readonly #kernels: Kernels
  readonly #scope: string
  /** Versions of facts that this process knows. */
  readonly #versions = new Map<string, number>()

  constructor(kernels: Kernels, scope: string) {
    this.#kernels = kernels
    this.#scope = scope
  }

  async load(): Promise<Uint8Array | undefined> {
    this.#versions.clear()
    return this.grown()
  }

  /** Facts whose version is not the one that was read or written here. */
  async grown(): Promise<Uint8Array | undefined> {
    let text = ''
    let after: { scope: string; id: string } | undefined
    for (;;) {
      const from = after === undefined ? {} : { after }
      const page = await this.#kernels.list({ scope: this.#scope, limit: PAGE, ...from })
      for (const { id, version, value } of page) {
        if (value.fact === undefined || this.#versions.get(id) === version) continue
        this.#versions.set(id, version)
        text += `${value.fact}\n`
      }
      after = page.at(-1)
      if (page.length < PAGE) break
    }
    return text === '' ? undefined : new TextEncoder().encode(text)
  }

  async append(lines: string): Promise<void> {
    const facts = new Map<string, KernelRecord>()
    for (const line of lines.split('\n')) {
      if (line === '') continue
      const [id, record] = await recordOf(line)
      if (facts.get(id)?.state !== QUARANTINED) facts.set(id, record)
    }
    for (const [id, record] of facts) await this.#put(id, record)
  }

  /** That a kernel was wrong is final: whoever has not heard of it does not take it back. */
  async #put(id: string, record: KernelRecord): Promise<void> {
    for (;;) {
      const known = await this.#kernels.get(this.#scope, id)
      if (known?.value.state === QUARANTINED && record.state !== QUARANTINED) return
      try {
        this.#versions.set(id, await this.#kernels.put(this.#scope, id, record, known?.version ?? 0))
        return
      } catch (error) {
        // Somebody else put it meanwhile.
        if (!isHomeostatError(error) || error.code !== 'HOMEOSTAT_STORAGE_CONFLICT') throw error
      }
    }
  }
}

/**
 * A line under what it is about, so that a later one takes its place. What cannot be read, as a newer version's may not be, is kept under
 * itself: it is the forge that judges lines.
 */
async function recordOf(line: string): Promise<[id: string, record: KernelRecord]> {
  let fact: Record<string, unknown> = {}
  try {
    fact = Object(JSON.parse(line.slice(line.indexOf(' ') + 1)))
  } catch {}
  const { blueprint, topic, kernel, state, seconds } = fact
  const about = Object.entries(fact).filter(([key]) => !FACTS.includes(key))
  const known = typeof blueprint === 'string' && /^[\w-]{1,128}$/.test(blueprint)
  // What was learned across kernels has a topic in the place of a blueprint.
  const lesson = !known && typeof topic === 'string'
  const digest = await sha256(new TextEncoder().encode(known || lesson ? JSON.stringify(about.sort()) : line))
  return [
    known ? `${blueprint}/${kernel === undefined ? '' : digest}` : `${lesson ? 'lesson' : 'line'}/${digest}`,
    {
      blueprint: known ? blueprint : '',
      state: String(kernel ?? state ?? ''),
      tags: fact.portable === true ? ['portable'] : [],
      ...(typeof seconds === 'number' ? { seconds } : {}),
      fact: line,
    },
  ]
}
