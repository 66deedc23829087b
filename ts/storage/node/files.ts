/**
 * Artifacts in a folder: `<first two digits>/<digest>`. A blob is written beside its place, forced to the disk, and moved there, so
 * that a crash leaves it wholly or not at all; what a crash left beside is removed by the next who opens the folder.
 */
import { promises as fs } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { HomeostatError } from '../../errors.js'
import * as check from '../../schema/checks.js'
import { type ArtifactStore, checkDigest, checked, digestOf } from '../artifacts.js'
import { storageError } from '../errors.js'

/** Unfinished files older than this are nobody's. */
const STALE_MS = 3_600_000
const PARTS = '.unfinished'

/** Opens a folder of artifacts, or makes it. Throws `HOMEOSTAT_STORAGE_*`. */
export async function openFileArtifacts(folder: string): Promise<ArtifactStore> {
  const root = resolve(check.text('folder', folder))
  const store = new FileArtifacts(root)
  await store.prepare()
  return store
}

class FileArtifacts implements ArtifactStore {
  readonly kind = 'files'
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  prepare(): Promise<void> {
    return this.#io(async () => {
      const parts = join(this.#root, PARTS)
      await fs.mkdir(parts, { recursive: true })
      await fs.access(parts, fs.constants.W_OK)
      const { mtimeMs: now } = await touched(parts)
      for (const name of await fs.readdir(parts)) {
        const file = join(parts, name)
        const stat = await fs.stat(file).catch(() => undefined)
        if (stat !== undefined && now - stat.mtimeMs > STALE_MS) await fs.rm(file, { force: true })
      }
    })
  }

  async put(bytes: Uint8Array): Promise<string> {
    const digest = await digestOf(bytes)
    await this.#io(async () => {
      const place = this.#place(digest)
      if ((await sizeOf(place)) === bytes.length && (await this.#whole(digest, place))) return
      const part = join(this.#root, PARTS, crypto.randomUUID())
      try {
        const file = await fs.open(part, 'wx', 0o640)
        try {
          await file.writeFile(bytes)
          await file.sync()
        } finally {
          await file.close()
        }
        await fs.mkdir(dirname(place), { recursive: true })
        await fs.rename(part, place)
        await syncFolder(dirname(place))
      } catch (error) {
        await fs.rm(part, { force: true }).catch(() => {})
        throw error
      }
    })
    return digest
  }

  async get(digest: string): Promise<Uint8Array | undefined> {
    const place = this.#place(checkDigest(digest))
    const bytes = await this.#io(() => fs.readFile(place).catch(missing))
    return bytes === undefined ? undefined : checked(digest, new Uint8Array(bytes), place)
  }

  size(digest: string): Promise<number | undefined> {
    const place = this.#place(checkDigest(digest))
    return this.#io(() => sizeOf(place))
  }

  async *list(): AsyncGenerator<string> {
    const folders = await this.#io(() => fs.readdir(this.#root))
    for (const folder of folders.filter((name) => /^[0-9a-f]{2}$/.test(name)).sort()) {
      const names = await this.#io(() => fs.readdir(join(this.#root, folder)).catch(missing))
      yield* (names ?? []).filter((name) => /^[0-9a-f]{64}$/.test(name)).sort()
    }
  }

  async remove(digest: string): Promise<boolean> {
    const place = this.#place(checkDigest(digest))
    return this.#io(async () => {
      const gone = await fs.unlink(place).then(() => true, missing)
      return gone ?? false
    })
  }

  ping(): Promise<void> {
    return this.#io(() => fs.access(join(this.#root, PARTS), fs.constants.W_OK))
  }

  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}

  #place(digest: string): string {
    return join(this.#root, digest.slice(0, 2), digest)
  }

  /** Whether what is there is undamaged: a damaged blob is replaced. */
  async #whole(digest: string, place: string): Promise<boolean> {
    return (await digestOf(new Uint8Array(await fs.readFile(place)))) === digest
  }

  async #io<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw translate(`the folder ${this.#root}`, error)
    }
  }
}

/** The folder's own clock, which may be another machine's. */
async function touched(folder: string): Promise<{ mtimeMs: number }> {
  const file = join(folder, crypto.randomUUID())
  await fs.writeFile(file, '', { flag: 'wx', mode: 0o640 })
  try {
    return await fs.stat(file)
  } finally {
    await fs.rm(file, { force: true })
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  return (await fs.stat(path).catch(missing))?.size
}

function missing(error: unknown): undefined {
  if ((error as { code?: string }).code === 'ENOENT') return undefined
  throw error
}

/** A name that a crash must not undo. Not every system can; then the file itself is safe all the same. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await fs.open(path, 'r')
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  } catch {}
}

function translate(what: string, error: unknown): HomeostatError {
  const code = (error as { code?: string }).code ?? ''
  if (/^(ENOSPC|EDQUOT|EFBIG)$/.test(code)) return storageError('FULL', what, error)
  if (/^(EACCES|EROFS|EPERM|ENOTDIR|EEXIST)$/.test(code)) return storageError('READ_ONLY', what, error)
  if (code === 'ENOENT') return storageError('MISSING', what, error)
  return storageError('IO', what, error)
}
