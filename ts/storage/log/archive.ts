/**
 * What a log lets go of, kept as artifacts: pieces of its oldest lines, compressed, each known by the places where it begins and ends. An entry
 * is archived before it is removed, so that at every moment it is in the store, or in the archive, or in both; a process that is killed in
 * between leaves it in both, and the next one archives it again. Pieces may overlap: none takes the place of another one that is longer.
 */
import { HomeostatError } from '../../errors.js'
import type { ArtifactStore } from '../artifacts.js'
import type { ArchivedPiece, ItemRepository, LogEntry, LogRepository } from '../contract.js'

/** Places as text of one length, so that items come in the order of their pieces. */
const DIGITS = 16
const PAGE = 1000
/** Readings after which a log that is trimmed while it is read is given up; each goes on where the one before came to. */
const ATTEMPTS = 100

export class Archive {
  readonly #pieces: ItemRepository<ArchivedPiece>
  readonly #artifacts: ArtifactStore
  readonly #log: string

  constructor(pieces: ItemRepository<ArchivedPiece>, artifacts: ArtifactStore, log: string) {
    this.#pieces = pieces
    this.#artifacts = artifacts
    this.#log = log
  }

  /** When it resolves they are kept. Entries that follow one another; of a writer that is `wanted` no more by then, nothing is. */
  async keep(entries: readonly LogEntry[], wanted = (): boolean => true): Promise<void> {
    const [first, last] = [entries[0] as LogEntry, entries.at(-1) as LogEntry]
    const digest = await this.#artifacts.put(await gzip(entries.map(({ line }) => `${line}\n`).join('')))
    if (!wanted())
      throw new HomeostatError('HOMEOSTAT_CLOSED', `the writer of ${this.#log} was closed before this call`)
    const next = last.position + 1
    await this.#pieces.put(this.#log, `${digits(first.position)}-${digits(next)}`, { next, digest })
  }

  /** Place of the oldest entry that it has. */
  async begins(): Promise<number | undefined> {
    const [oldest] = await this.#pieces.list({ scope: this.#log, limit: 1 })
    return oldest && firstOf(oldest.id)
  }

  /** From a place on, in order: pieces that begin at or before it and end behind it. */
  async *read(from: number): AsyncGenerator<{ readonly next: number; readonly bytes: Uint8Array }> {
    let at = from
    for (let after: { scope: string; id: string } | undefined; ; ) {
      const page = await this.#pieces.list({ scope: this.#log, limit: PAGE, ...(after && { after }) })
      for (const { id, value } of page) {
        const first = firstOf(id)
        if (value.next <= at) continue
        // What is missing here may be in the store.
        if (first > at) return
        const text = await this.#text(value.digest)
        const lines = text.split(/(?<=\n)/).slice(at - first)
        at = value.next
        yield { next: at, bytes: new TextEncoder().encode(lines.join('')) }
      }
      after = page.at(-1)
      if (page.length < PAGE) return
    }
  }

  async #text(digest: string): Promise<string> {
    const bytes = await this.#artifacts.get(digest)
    if (bytes === undefined)
      throw new HomeostatError(
        'HOMEOSTAT_STORAGE_CORRUPT',
        `the archive of ${this.#log} has lost the artifact ${digest}`,
      )
    return gunzip(bytes)
  }
}

/**
 * For a log that is removed, so that the next one of its name does not begin with its text. The artifacts stay: they are known by their
 * bytes, and may be those of others too.
 */
export async function forgetPieces(pieces: ItemRepository<ArchivedPiece>, log: string): Promise<void> {
  for (;;) {
    const page = await pieces.list({ scope: log, limit: PAGE })
    for (const { scope, id } of page) await pieces.remove(scope, id)
    if (page.length < PAGE) return
  }
}

/** A log from its first entry on: what was archived of it, and behind that what is in the store. */
export async function* readWhole(journals: LogRepository, archive: Archive, log: string): AsyncGenerator<Uint8Array> {
  let at = 0
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    for await (const piece of archive.read(at)) {
      yield piece.bytes
      at = piece.next
    }
    const info = await journals.info(log)
    if (info === undefined || at >= info.next) return
    // Archived since it was looked for there.
    if (info.first > at && (await archived(archive, at))) continue
    if (info.first > at) {
      if (at > 0)
        throw new HomeostatError('HOMEOSTAT_STORAGE_CORRUPT', `entries ${at} to ${info.first} of ${log} are nowhere`)
      // It was trimmed before it had an archive, which then begins later.
      at = Math.min(info.first, (await archive.begins()) ?? info.first)
      if (at < info.first) continue
    }
    for (;;) {
      const page = await journals.entries(log, { from: at, limit: PAGE })
      if (page[0] === undefined) return
      if (page[0].position > at) break
      yield new TextEncoder().encode(page.map(({ line }) => `${line}\n`).join(''))
      at = (page.at(-1) as LogEntry).position + 1
    }
  }
  throw new HomeostatError(
    'HOMEOSTAT_STORAGE_BUSY',
    `${log} was trimmed ${ATTEMPTS} times while it was read, which came to entry ${at}: read it again`,
  )
}

const digits = (place: number): string => String(place).padStart(DIGITS, '0')

const firstOf = (id: string): number => Number(id.slice(0, DIGITS))

async function archived(archive: Archive, at: number): Promise<boolean> {
  for await (const _ of archive.read(at)) return true
  return false
}

const gzip = async (text: string): Promise<Uint8Array> => {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

const gunzip = (bytes: Uint8Array): Promise<string> => {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream('gzip'))
  return new Response(stream).text()
}
