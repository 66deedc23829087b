/**
 * Where the journal of the runs before ends: the next run's chain goes on from there, so that nothing can be cut off between two
 * runs without a trace.
 */
import type { JournalFile, JournalFs } from './fs.js'
import { type OpenSegment, segmentNumbers, segmentPath } from './segments.js'

/** Longest line that is looked at. */
const LINE_MAX = 1 << 20
const HASH = /^[0-9a-f]{64}$/

export interface LastEntry {
  /** Its hash; undefined where there is no entry. */
  readonly hash: string | undefined
  /** Whether there is an earlier run and it did not end by a `stop`. */
  readonly unclean: boolean
}

/** The last whole line before the place where `open` goes on; a segment that was just begun is empty. */
export async function lastEntry(fs: JournalFs, folder: string, name: string, open: OpenSegment): Promise<LastEntry> {
  if (open.size > 0) return parse(await lastLine(open.file, open.size), open.torn > 0)
  const before = (await segmentNumbers(fs, folder, name)).filter((number) => number < open.number).at(-1)
  if (before === undefined) return { hash: undefined, unclean: open.torn > 0 }
  const file = await fs.open(segmentPath(folder, name, before), 'r+')
  try {
    const { size } = await file.stat()
    return parse(size > 0 ? await lastLine(file, size) : '', open.torn > 0)
  } finally {
    await file.close()
  }
}

function parse(line: string, torn: boolean): LastEntry {
  try {
    const { hash, event } = JSON.parse(line) as { hash: unknown; event: unknown }
    const valid = typeof hash === 'string' && HASH.test(hash)
    return { hash: valid ? hash : undefined, unclean: torn || !valid || event !== 'stop' }
  } catch {
    return { hash: undefined, unclean: true }
  }
}

/** The text between the last two newlines before `end`; empty where the line is longer than any entry. */
async function lastLine(file: JournalFile, end: number): Promise<string> {
  const from = Math.max(0, end - LINE_MAX)
  const bytes = new Uint8Array(end - from)
  let filled = 0
  while (filled < bytes.length) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, from + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  const text = bytes.subarray(0, Math.max(0, filled - 1))
  const newline = text.lastIndexOf(10)
  if (newline < 0 && from > 0) return ''
  return new TextDecoder().decode(text.subarray(newline + 1))
}
