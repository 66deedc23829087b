import { type JournalFile, type JournalFs, nodeFs } from '../../ts/node/fs.js'

export interface Disk extends JournalFs {
  /** Bytes that still fit; writes beyond fail like a full disk, after writing what fits. */
  left: number
  writes: number
  syncs: number
}

/** The real file system with a limit on what can be written. */
export function disk(left = Number.POSITIVE_INFINITY): Disk {
  const self: Disk = {
    ...nodeFs,
    left,
    writes: 0,
    syncs: 0,
    async open(path, flags) {
      return limited(await nodeFs.open(path, flags), self)
    },
  }
  return self
}

function limited(file: JournalFile, disk: Disk): JournalFile {
  return {
    read: (bytes, offset, length, position) => file.read(bytes, offset, length, position),
    truncate: (length) => file.truncate(length),
    stat: () => file.stat(),
    close: () => file.close(),
    async datasync() {
      disk.syncs++
      await file.datasync()
    },
    async write(bytes, offset, length, position) {
      disk.writes++
      const fits = Math.min(length, disk.left)
      if (fits === 0) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
      disk.left -= fits
      return file.write(bytes, offset, fits, position)
    },
  }
}
