/**
 * The segments `<name>-<n>.jsonl` of one journal: which exist, where to go on, and what a crash left torn.
 */
import { join } from 'node:path'
import type { JournalFile, JournalFs } from './fs.js'

const PIECE = 1 << 16

export interface OpenSegment {
  readonly number: number
  readonly path: string
  readonly file: JournalFile
  /** Bytes of whole lines in it. */
  readonly size: number
  /** Bytes of a torn last line that were set aside. */
  readonly torn: number
}

export function segmentPath(folder: string, name: string, number: number): string {
  return join(folder, `${name}-${number}.jsonl`)
}

/** Where the first entry of the latest run is kept. */
export function startPath(folder: string, name: string): string {
  return join(folder, `${name}.start.json`)
}

/** Numbers of the existing segments, ascending. */
export async function segmentNumbers(fs: JournalFs, folder: string, name: string): Promise<number[]> {
  const pattern = new RegExp(`^${name}-(\\d{1,15})\\.jsonl$`)
  return (await fs.list(folder))
    .flatMap((file) => {
      const match = pattern.exec(file)
      return match ? [Number(match[1])] : []
    })
    .sort((a, b) => a - b)
}

/** Opens the last segment, or the first. What follows its last newline was never acknowledged: it goes to `<segment>.torn`. */
export async function openLastSegment(fs: JournalFs, folder: string, name: string): Promise<OpenSegment> {
  const number = (await segmentNumbers(fs, folder, name)).at(-1)
  if (number === undefined) return createSegment(fs, folder, name, 1)
  const path = segmentPath(folder, name, number)
  const file = await fs.open(path, 'r+')
  try {
    const { size } = await file.stat()
    const end = await endOfLastLine(file, size)
    if (end < size) await setAside(fs, file, path, end, size)
    return { number, path, file, size: end, torn: size - end }
  } catch (error) {
    await file.close()
    throw error
  }
}

export async function createSegment(fs: JournalFs, folder: string, name: string, number: number): Promise<OpenSegment> {
  const path = segmentPath(folder, name, number)
  return { number, path, file: await fs.open(path, 'wx+'), size: 0, torn: 0 }
}

async function endOfLastLine(file: JournalFile, size: number): Promise<number> {
  const piece = new Uint8Array(PIECE)
  for (let end = size; end > 0; ) {
    const from = Math.max(0, end - PIECE)
    const { bytesRead } = await file.read(piece, 0, end - from, from)
    const newline = piece.subarray(0, bytesRead).lastIndexOf(10)
    if (newline >= 0) return from + newline + 1
    end = from
  }
  return 0
}

async function setAside(fs: JournalFs, file: JournalFile, path: string, from: number, to: number): Promise<void> {
  const torn = await fs.open(`${path}.torn`, 'a')
  try {
    const piece = new Uint8Array(PIECE)
    for (let at = from; at < to; ) {
      const { bytesRead } = await file.read(piece, 0, Math.min(PIECE, to - at), at)
      if (bytesRead === 0) break
      await torn.write(piece, 0, bytesRead, at - from)
      at += bytesRead
    }
    await torn.datasync()
  } finally {
    await torn.close()
  }
  await file.truncate(from)
}

/** Removes the oldest segments beyond `keep`; returns the bytes that went. */
export async function prune(fs: JournalFs, folder: string, name: string, keep: number): Promise<number> {
  const numbers = await segmentNumbers(fs, folder, name)
  let bytes = 0
  for (const number of numbers.slice(0, Math.max(0, numbers.length - keep))) {
    const path = segmentPath(folder, name, number)
    const file = await fs.open(path, 'r+')
    bytes += (await file.stat()).size
    await file.close()
    await fs.remove(path)
  }
  return bytes
}
