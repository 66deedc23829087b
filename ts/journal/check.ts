/**
 * Checks and re-runs recorded journals, fed as bytes in any cut.
 */
import type { Binding } from '../binding.js'
import { invalid } from '../errors.js'

export type JournalBytes = Iterable<Uint8Array> | AsyncIterable<Uint8Array>

export interface FirstFault {
  /** Index of the entry, from 0. */
  readonly entry: number
  /** Line of the journal, from 1. */
  readonly line: number
  /** `HOMEOSTAT_JOURNAL_*`. */
  readonly code: string
  readonly reason: string
}
export interface Verification {
  readonly ok: boolean
  readonly entries: number
  readonly runs: number
  readonly first_bad?: FirstFault
}
export interface Reproduction {
  readonly ok: boolean
  readonly entries: number
  readonly first_difference?: FirstFault
}

/** Checks the hash chain and finds the first broken link. */
export async function verifyJournal(binding: Binding, bytes: JournalBytes): Promise<Verification> {
  const verifier = binding.createVerifier()
  await feed(bytes, (piece) => verifier.push(piece))
  return JSON.parse(verifier.finish()) as Verification
}

/** Re-runs the decisions of a recorded run; `onBytes` receives what they produce this time. */
export async function replayJournal(
  binding: Binding,
  bytes: JournalBytes,
  onBytes?: (bytes: Uint8Array) => void,
): Promise<Reproduction> {
  if (onBytes !== undefined && typeof onBytes !== 'function') throw invalid('onBytes', 'a function', onBytes)
  const replay = binding.createReplay()
  await feed(bytes, (piece) => {
    replay.push(piece)
    const produced = replay.take()
    if (produced.length > 0) onBytes?.(produced)
  })
  const result = JSON.parse(replay.finish()) as Reproduction
  const rest = replay.take()
  if (rest.length > 0) onBytes?.(rest)
  return result
}

/** Hands over every piece; refuses what is no sequence of bytes, as text and a bare array of bytes are. */
async function feed(bytes: unknown, push: (piece: Uint8Array) => void): Promise<void> {
  const range = 'a sequence of Uint8Array, such as [bytes] or a read stream'
  const given = bytes as Partial<Iterable<unknown> & AsyncIterable<unknown>> | null | undefined
  const sequence = typeof given === 'object' && (given?.[Symbol.iterator] ?? given?.[Symbol.asyncIterator])
  if (typeof sequence !== 'function' || ArrayBuffer.isView(bytes)) throw invalid('bytes', range, bytes)
  for await (const piece of bytes as JournalBytes) {
    if (!(piece instanceof Uint8Array)) throw invalid('bytes', range, piece)
    push(piece)
  }
}
