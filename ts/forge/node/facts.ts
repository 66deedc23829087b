/**
 * Lines of a library, as far as whoever keeps them has to understand them: whole or not, and about what. What they mean is the core's.
 *
 * A line is a checksum of eight hexadecimal digits, a space, and a fact in JSON.
 */
import { createHash } from 'node:crypto'
import { SCHEMA } from '../library.js'

/** What a fact says besides what it is about. */
const SAID = new Set(['v', 'kernel', 'state', 'seconds', 'extra_bytes', 'error', 'portable', 'numbers'])

export type Fact = Readonly<Record<string, unknown>>
export type Line = { readonly fact: Fact; readonly about: string } | 'damaged' | 'other version'

/** What a line says; nothing where it is damaged. */
function factOf(line: string): Fact | undefined {
  const json = line.slice(9)
  const sum = createHash('sha256').update(json).digest('hex').slice(0, 8)
  if (line[8] !== ' ' || sum !== line.slice(0, 8)) return undefined
  try {
    return Object(JSON.parse(json)) as Fact
  } catch {
    return undefined
  }
}

export function readLine(line: string): Line {
  const fact = factOf(line)
  if (fact === undefined) return 'damaged'
  if (fact.v !== SCHEMA) return 'other version'
  return { fact, about: JSON.stringify(Object.entries(fact).filter(([key]) => !SAID.has(key))) }
}

/** The versions of a library of which no line is of this one; nothing where one is, or none is whole. */
export function foreignVersions(text: string): readonly unknown[] {
  const found = new Set<unknown>()
  for (const line of text.split('\n')) {
    const fact = factOf(line)
    if (fact?.v === SCHEMA) return []
    if (fact !== undefined) found.add(fact.v)
  }
  return [...found]
}

/** Whether a text can be what is left of a library: some line begins as one does, or it is what a crash left of the first. */
export function isLibrary(text: string): boolean {
  // A file system that lost its writes leaves zeros.
  const rest = text.replaceAll('\0', '').trim()
  return rest === '' || /^[0-9a-f]{8} \{"v":/m.test(rest) || (rest.length < 16 && /^[0-9a-f]{1,8}( |$)/.test(rest))
}

/** How many lines are read in one turn of the event loop: some milliseconds. */
const LINES = 256

/**
 * The lines that still say something, in their order: the latest fact about each kernel and each blueprint, but that a kernel was
 * quarantined is never replaced. Lines of another version may be somebody else's, and stay.
 */
export async function standing(text: string): Promise<string> {
  const kept = new Map<string, { readonly line: string; readonly final: boolean }>()
  let turn = 0
  for (const line of text.split('\n')) {
    if (line === '') continue
    if (++turn % LINES === 0) await new Promise((resolve) => setImmediate(resolve))
    const read = readLine(line)
    if (read === 'damaged') continue
    const about = read === 'other version' ? line : read.about
    if (kept.get(about)?.final === true) continue
    kept.delete(about)
    kept.set(about, { line, final: read !== 'other version' && read.fact.kernel === 'quarantined' })
  }
  return [...kept.values()].map(({ line }) => `${line}\n`).join('')
}
