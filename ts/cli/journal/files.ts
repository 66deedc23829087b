/**
 * The files that hold a journal: one that is named, or the segments `<name>-<n>.jsonl` of a folder in their order.
 */
import { createReadStream, readdirSync, statSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { failure, usage } from '../exit.js'

export interface JournalFiles {
  /** For people: the file, or the folder and the tuner. */
  readonly title: string
  readonly files: readonly string[]
  /** Where the first entry of the latest run is kept: the segment that has it may be gone. */
  readonly startFile?: string
}

const SEGMENT = /^(.+)-(\d{1,15})\.jsonl$/

/** The journals at a path, one per tuner. */
export function journalsAt(path: string, name?: string): JournalFiles[] {
  let names: string[] | undefined
  try {
    names = statSync(path).isDirectory() ? readdirSync(path) : undefined
  } catch (error) {
    throw unreadable(path, error)
  }
  if (names === undefined) return [{ title: basename(path), files: [path] }]
  const found = journalsAmong(path, names)
  if (found.length === 0) throw failure('HOMEOSTAT_FILE', `${path} holds no journal (files like name-1.jsonl)`)
  const wanted = found.filter(({ title }) => name === undefined || title === name)
  if (wanted.length === 0)
    throw usage(`${path} has no journal of ${name}, only of ${found.map(({ title }) => title).join(', ')}`)
  return wanted
}

/** Those that there are now: none where there is no such path yet. */
export async function journalsNow(path: string, name?: string): Promise<JournalFiles[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [{ title: basename(path), files: [path] }]
    return journalsAmong(path, await readdir(path)).filter(({ title }) => name === undefined || title === name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw unreadable(path, error)
  }
}

const unreadable = (path: string, error: unknown): Error =>
  failure('HOMEOSTAT_FILE', `${path} cannot be read: ${(error as Error).message}`, error)

/** The segments among the files of a folder, by tuner. */
function journalsAmong(path: string, names: readonly string[]): JournalFiles[] {
  const byName = new Map<string, { number: number; file: string }[]>()
  for (const file of names) {
    const match = SEGMENT.exec(file)
    if (match === null) continue
    const [, tuner = '', number] = match
    const segments = byName.get(tuner) ?? []
    segments.push({ number: Number(number), file: join(path, file) })
    byName.set(tuner, segments)
  }
  return [...byName]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([tuner, segments]) => ({
      title: tuner,
      startFile: join(path, `${tuner}.start.json`),
      files: segments.sort((a, b) => a.number - b.number).map(({ file }) => file),
    }))
}

/** Like {@link journalsAt}, where only one can be meant. */
export function oneJournalAt(path: string, name?: string): JournalFiles {
  const found = journalsAt(path, name)
  if (found.length > 1)
    throw usage(`${path} holds journals of ${found.map(({ title }) => title).join(', ')}: choose one with --name`)
  return found[0] as JournalFiles
}

export async function* bytesOf(files: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const file of files) yield* createReadStream(file, { highWaterMark: 1 << 20 })
}
