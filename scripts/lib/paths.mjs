import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '')
/** What belongs to this checkout alone: stamps, logs, the lock. */
export const STATE = join(ROOT, '.cache')
/** What several checkouts may share: compilers and browsers' helpers. */
export const CACHE = process.env.HOMEOSTAT_CACHE ? resolve(process.env.HOMEOSTAT_CACHE) : STATE

export const at = (...parts) => join(ROOT, ...parts)

/** Every file below the given files and folders, sorted, as absolute paths. Absent ones are left out. */
export function filesBelow(paths, keep = () => true) {
  const found = []
  const visit = (path) => {
    const entries = readdirSync(path, { withFileTypes: true })
    for (const entry of entries) {
      const child = join(path, entry.name)
      if (entry.isDirectory()) {
        if (entry.name !== 'node_modules' && entry.name !== 'target') visit(child)
      } else if (entry.isFile() && keep(child)) found.push(child)
    }
  }
  for (const path of paths.map((p) => resolve(ROOT, p))) {
    if (!existsSync(path)) continue
    try {
      visit(path)
    } catch (error) {
      if (error.code !== 'ENOTDIR') throw error
      found.push(path)
    }
  }
  return found.sort()
}

/** A digest over names and contents; contents, because a fresh checkout gives every file a new time. */
export function hashFiles(paths, extra = '') {
  const hash = createHash('sha256')
  hash.update(extra)
  for (const file of filesBelow(paths)) {
    hash.update(`\0${relative(ROOT, file).split(sep).join('/')}\0`)
    hash.update(readFileSync(file))
  }
  return hash.digest('hex')
}
