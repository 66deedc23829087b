/**
 * Reads a study file from its beginning.
 */
import { readSync } from 'node:fs'
import type { SolverBinding, SolverCore, StudyConfig } from '../../binding.js'
import { HomeostatError, isHomeostatError } from '../../errors.js'
import { HEADER_START, parseHeader } from './header.js'

const PIECE = 1 << 20
/** A line that lacks nothing but its newline, as editors leave the last one. */
const WHOLE = /,"hash":"[0-9a-f]{64}"\}\r?$/
/** Bytes that are enough to see the end of a whole line. */
const END = 80
const NEWLINE = new Uint8Array([10])

export type ReadStudy =
  | { readonly kind: 'empty' }
  | {
      readonly kind: 'study'
      readonly core: SolverCore
      readonly config: StudyConfig
      /** Where the next line goes. */
      readonly end: number
      /** Bytes of an incomplete last line, after `end`. */
      readonly dropped: number
      /** The last line lacks its newline only; `end` counts it in. */
      readonly unfinished: boolean
    }

/** Throws `HOMEOSTAT_STUDY_*`, naming the file and the line. */
export function readStudyFrom(fd: number, size: number, path: string, binding: SolverBinding): ReadStudy {
  const piece = new Uint8Array(Math.min(PIECE, Math.max(size, 1)))
  const head = firstLine(fd, piece, size)
  if (head.line === undefined) {
    if (HEADER_START.startsWith(head.text.slice(0, HEADER_START.length)) && !WHOLE.test(head.text))
      return { kind: 'empty' }
  }
  if (!head.text.startsWith(HEADER_START)) throw noStudy(path, head.text)
  const reader = binding.createStudyReader()
  let lines = 0
  try {
    for (let at = 0; at < size; ) {
      const count = readSync(fd, piece, 0, Math.min(PIECE, size - at), at)
      if (count === 0) break
      const bytes = piece.subarray(0, count)
      reader.push(bytes)
      const newline = bytes.lastIndexOf(10)
      if (newline >= 0) lines = at + newline + 1
      at += count
    }
    const unfinished = WHOLE.test(lastBytes(fd, lines, size))
    if (unfinished) reader.push(NEWLINE)
    const core = reader.finish()
    const dropped = unfinished ? 0 : size - lines
    const config = parseHeader(head.line ?? head.text).config
    return { kind: 'study', core, config, end: size - dropped + (unfinished ? 1 : 0), dropped, unfinished }
  } catch (error) {
    if (!isHomeostatError(error)) throw error
    throw new HomeostatError(error.code, `${path}: ${error.message}`, { cause: error })
  }
}

/** The first line, or where there is none what there is, at most a piece of it. */
function firstLine(fd: number, piece: Uint8Array, size: number): { line: string | undefined; text: string } {
  const count = size === 0 ? 0 : readSync(fd, piece, 0, Math.min(PIECE, size), 0)
  const newline = piece.subarray(0, count).indexOf(10)
  const text = new TextDecoder().decode(piece.subarray(0, newline < 0 ? count : newline))
  return { line: newline < 0 ? undefined : text, text }
}

/** The end of what follows the last newline. */
function lastBytes(fd: number, from: number, to: number): string {
  const bytes = new Uint8Array(Math.min(END, to - from))
  readSync(fd, bytes, 0, bytes.length, to - bytes.length)
  return new TextDecoder().decode(bytes)
}

function noStudy(path: string, text: string): HomeostatError {
  const hint = text.startsWith('{"seq":')
    ? 'it is the journal of a live tuner: see `homeostat journal`'
    : /"bounds"/.test(text) || text.trim() === '{'
      ? 'it looks like a configuration: give it as --config'
      : `it begins with ${JSON.stringify(text.slice(0, 40))}`
  return new HomeostatError('HOMEOSTAT_STUDY_FORMAT', `${path} is not a study: ${hint}; it is left as it is`)
}
