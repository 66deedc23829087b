/** The journal in the segments of a folder. */
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { nodeFs } from '../../node/fs.js'
import { segmentNumbers, segmentPath, startPath } from '../../node/segments.js'
import { entryOf, type Feed } from '../journal/feed.js'
import { type Files, Follower, runsIn, writtenMs } from './follow.js'

export interface FileFeedParts {
  readonly title: string
  readonly files: Files
  /** Where the first entry of the latest run is kept. */
  readonly startFile: string | undefined
}

export function fileFeed({ title, files, startFile }: FileFeedParts): Feed {
  return {
    title,
    reader: (take, bounds) => new Follower(files, take, bounds),
    runs: async (bounds) => runsIn(await files(), bounds?.bytes),
    start: async () => {
      if (startFile === undefined) return undefined
      try {
        return entryOf(await readFile(startFile, 'utf8'))
      } catch {
        // It is only there where a newer version of the package wrote the journal.
        return undefined
      }
    },
    written: async () => {
      const last = (await files()).at(-1)
      return last === undefined ? undefined : { atMs: await writtenMs(last) }
    },
  }
}

/** The journal of the tuner `name`, of which `path` is the file that is being written: the segments beside it, or that file alone. */
export function feedOfFile(path: string, name: string): Feed {
  const folder = dirname(path)
  const files = async (): Promise<readonly string[]> => {
    const segments = (await segmentNumbers(nodeFs, folder, name)).map((number) => segmentPath(folder, name, number))
    return segments.includes(path) ? segments : [path]
  }
  return fileFeed({ title: name, files, startFile: startPath(folder, name) })
}
