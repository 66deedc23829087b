/** What cases are written with: assertions without a framework, and lines that are chained as the core chains them. */
import { sha256 } from '../hash.js'

export type Case<T> = readonly [name: string, run: (open: () => Promise<T>) => Promise<void>]

export function equal(what: string, actual: unknown, expected: unknown): void {
  const [is, should] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (is !== should) throw new Error(`${what}: expected ${cut(should)}, got ${cut(is)}`)
}

export async function fails(what: string, code: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    return equal(`the code of ${what} (${String(error)})`, (error as { code?: unknown }).code, code)
  }
  throw new Error(`${what}: expected ${code}, but it went well`)
}

const cut = (text: string | undefined): string =>
  text === undefined ? 'nothing' : text.length > 200 ? `${text.slice(0, 200)}…` : text

let names = 0
/** A name that no other case and no other run has. */
export function fresh(): string {
  return `case-${crypto.randomUUID().slice(0, 8)}-${names++}`
}

export interface Chained {
  /** Whole lines. */
  readonly text: string
  readonly hash: string
}

export const ZERO = '0'.repeat(64)

/** Entries as lines that follow from `after`. */
export async function chained(entries: readonly object[], after = ZERO): Promise<Chained> {
  let [text, hash] = ['', after]
  for (const entry of entries) {
    const open = JSON.stringify(entry).slice(0, -1)
    const content = new TextEncoder().encode(open)
    const bytes = new Uint8Array(32 + content.length)
    for (let i = 0; i < 32; i++) bytes[i] = Number.parseInt(hash.slice(2 * i, 2 * i + 2), 16)
    bytes.set(content, 32)
    hash = await sha256(bytes)
    text += `${open},"hash":"${hash}"}\n`
  }
  return { text, hash }
}

/** A run's journal of `count` entries, of which the first is its start. */
export function journal(count: number, previous?: string, from = 0): Promise<Chained> {
  const entries = Array.from({ length: count }, (_, i) => entry(from + i, previous))
  return chained(entries, previous ?? ZERO)
}

function entry(seq: number, previous: string | undefined): object {
  const payload =
    seq === 0
      ? { mode: 'auto', knobs: [{ name: 'ttl', initial: 5 }], previous: previous ?? null }
      : { text: `entry ${seq}: "quoted" \\ ü 漢 🜁 \u2028` }
  const event = seq === 0 ? 'start' : seq % 10 === 0 ? 'apply' : 'window'
  const values = event === 'apply' ? { values: { ttl: seq } } : {}
  return {
    seq,
    event,
    time_us: seq * 1000,
    run_id: 'run',
    proposal_id: null,
    generation: 1,
    payload: { ...payload, ...values },
  }
}

export async function textOf(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const piece of pieces) text += decoder.decode(piece, { stream: true })
  return text
}
