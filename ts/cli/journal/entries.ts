/**
 * Entries of a journal, read one after the other and filtered.
 */
import { failure } from '../exit.js'

export interface Entry {
  readonly seq: number
  readonly event: string
  readonly time_us: number
  readonly run_id: string
  readonly proposal_id: number | null
  readonly generation: number
  readonly payload: Readonly<Record<string, unknown>>
}

export interface Filter {
  readonly events?: readonly string[] | undefined
  readonly run?: string | undefined
  readonly generation?: number | undefined
  readonly knob?: string | undefined
  readonly proposal?: number | undefined
  /** Microseconds on the run's own clock. */
  readonly fromUs?: number | undefined
  readonly toUs?: number | undefined
}

const LINE_MAX = 1 << 24

/** Every whole line; `raw` is its text. A line that is no entry throws with its place. */
export async function* entriesOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<{ entry: Entry; raw: string }> {
  const decoder = new TextDecoder()
  let open = ''
  let line = 0
  for await (const piece of bytes) {
    const texts = (open + decoder.decode(piece, { stream: true })).split('\n')
    open = texts.pop() as string
    if (open.length > LINE_MAX) throw notAnEntry(line + 1, 'is too long')
    for (const raw of texts) {
      line++
      if (raw !== '') yield { entry: parse(raw, line), raw }
    }
  }
}

function parse(raw: string, line: number): Entry {
  try {
    const entry = JSON.parse(raw) as Entry
    if (typeof entry.event === 'string' && typeof entry.payload === 'object') return entry
  } catch {}
  throw notAnEntry(
    line,
    raw.startsWith('{"format":"homeostat-study"') ? 'begins a study: see homeostat export' : 'is no journal entry',
  )
}

function notAnEntry(line: number, what: string): Error {
  return failure('HOMEOSTAT_JOURNAL_MALFORMED', `line ${line} ${what}`)
}

export function matches(entry: Entry, filter: Filter): boolean {
  return (
    (filter.events === undefined || filter.events.includes(entry.event)) &&
    (filter.run === undefined || entry.run_id.startsWith(filter.run)) &&
    (filter.generation === undefined || entry.generation === filter.generation) &&
    (filter.proposal === undefined || entry.proposal_id === filter.proposal) &&
    (filter.fromUs === undefined || entry.time_us >= filter.fromUs) &&
    (filter.toUs === undefined || entry.time_us <= filter.toUs) &&
    (filter.knob === undefined || names(entry.payload, filter.knob))
  )
}

/** Whether a payload speaks of a knob: as its subject, or among its values or evidence. */
function names(payload: Readonly<Record<string, unknown>>, knob: string): boolean {
  if (payload.knob === knob) return true
  return [payload.values, payload.evidence].some(
    (part) => typeof part === 'object' && part !== null && Object.hasOwn(part, knob),
  )
}
