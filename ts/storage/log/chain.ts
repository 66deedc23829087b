/**
 * The chain of a log's lines: each ends in the SHA-256 over the hash before it and the line up to its own hash. A journal's `start`
 * says what it follows (`previous`); a study's first line follows nothing.
 */
import { HomeostatError } from '../../errors.js'
import type { EntryRow } from '../backend.js'
import { linkedHash } from '../hash.js'

const ZERO = '0'.repeat(64)
const HASH = /^[0-9a-f]{64}$/
const TAIL = /,"hash":"([0-9a-f]{64})"\}$/
/** Longest line that is taken. */
export const LINE_MAX = 1 << 20

/** Lines as rows from `position` on. Throws `HOMEOSTAT_JOURNAL_MALFORMED` or `_TRUNCATED`. */
export function splitLines(lines: string | Uint8Array, position: number): EntryRow[] {
  const text = typeof lines === 'string' ? lines : new TextDecoder().decode(lines)
  if (text === '') return []
  if (!text.endsWith('\n')) throw malformed('the text ends in the middle of a line', 'HOMEOSTAT_JOURNAL_TRUNCATED')
  return text
    .slice(0, -1)
    .split('\n')
    .map((line, i) => ({ position: position + i, event: eventOf(line), line }))
}

export function hashOf(line: string): string {
  const hash = TAIL.exec(line)?.[1]
  if (hash === undefined) throw malformed('a line does not end in its hash')
  return hash
}

/**
 * Checks that rows follow from `before`, the hash of the entry in front of them; undefined at the start of a log, null where that
 * entry was trimmed away, so that the first row is taken on trust. Throws `HOMEOSTAT_JOURNAL_BROKEN` with the row at fault.
 */
export async function checkChain(rows: readonly EntryRow[], before: string | null | undefined): Promise<void> {
  let hash = before
  const checks: Promise<void>[] = []
  for (const row of rows) {
    const own = hashOf(row.line)
    const previous = row.event === 'start' ? startOf(row, hash) : hash
    hash = own
    if (previous === null) continue
    const check = (found: string): void => {
      if (found !== own) throw broken(row.position, 'its hash does not follow from the entries before it')
    }
    const found = linkedHash(previous ?? ZERO, row.line.slice(0, row.line.length - own.length - 11))
    if (typeof found === 'string') check(found)
    else checks.push(found.then(check))
  }
  await Promise.all(checks)
}

/** A start without `previous` begins a chain of its own; one with it has to name the entry in front. */
function startOf(row: EntryRow, before: string | null | undefined): string | undefined {
  const { payload } = JSON.parse(row.line) as { payload?: { previous?: unknown } }
  const previous = payload?.previous ?? undefined
  if (previous !== undefined && (typeof previous !== 'string' || !HASH.test(previous))) {
    throw broken(row.position, 'what it says of the run before it is no hash')
  }
  if (previous !== undefined && typeof before === 'string' && previous !== before) {
    throw broken(row.position, 'this run does not continue the one before it')
  }
  return previous
}

function eventOf(line: string): string {
  if (line.length > LINE_MAX) throw malformed(`a line is longer than ${LINE_MAX} characters`)
  // A NUL is no part of JSON text, and PostgreSQL cannot keep it.
  if (line.includes('\0')) throw malformed('a line has a NUL character')
  let entry: unknown
  try {
    entry = JSON.parse(line)
  } catch {
    throw malformed('a line is not JSON')
  }
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) throw malformed('a line is not an object')
  const { event } = entry as { event?: unknown }
  const name = typeof event === 'string' ? event : (Object.keys(entry)[0] ?? '')
  return name.slice(0, 64)
}

function malformed(
  what: string,
  code: 'HOMEOSTAT_JOURNAL_MALFORMED' | 'HOMEOSTAT_JOURNAL_TRUNCATED' = 'HOMEOSTAT_JOURNAL_MALFORMED',
) {
  return new HomeostatError(code, `these lines cannot be kept: ${what}`)
}

export class BrokenChain extends HomeostatError {
  readonly position: number

  constructor(position: number, reason: string) {
    super('HOMEOSTAT_JOURNAL_BROKEN', `entry ${position}: ${reason}`)
    this.position = position
  }
}

const broken = (position: number, reason: string): BrokenChain => new BrokenChain(position, reason)
