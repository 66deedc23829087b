/**
 * A library in the browser's IndexedDB, the same for every page of an origin. Each append is a record and a transaction of its own, so
 * that pages and workers can share it; a load puts what many appends left into one record, and lets the oldest lines go where there
 * are too many: what is proven again is written again. One of which no line is of this version is left as it is.
 */
import { HomeostatError } from '../errors.js'
import { type LibraryStore, SCHEMA, versionsIn } from './library.js'

const STORE = 'lines'
/** Most records that a load leaves as they are. */
const RECORDS_MAX = 64
/** Most characters that are kept: some thousand kernels. */
const KEPT_MAX = 4 << 20
/** What is read is cut to this share of them, so that not every load cuts. */
const CUT_TO = 0.75

export class IndexedDbLibrary implements LibraryStore {
  readonly name: string
  readonly #factory: IDBFactory
  #database: Promise<IDBDatabase> | undefined

  /** @param name of the database; by itself each version of the lines has its own, so that a new one begins anew beside the old one */
  constructor(name = `homeostat-forge-${SCHEMA}`, factory: IDBFactory = indexedDB) {
    this.name = name
    this.#factory = factory
  }

  async load(): Promise<Uint8Array | undefined> {
    return this.#within('read', async (store) => {
      const records = (await settled(store.getAll())) as unknown[]
      const all = records.filter((one) => typeof one === 'string').join('')
      const ours = versionsIn(all).includes(String(SCHEMA))
      const text = ours && all.length > KEPT_MAX ? newest(all, KEPT_MAX * CUT_TO) : all
      if (ours && (records.length > RECORDS_MAX || text.length < all.length)) {
        // In the transaction that read them: what another page appends meanwhile comes after.
        store.clear()
        store.add(text)
      }
      return text === '' ? undefined : new TextEncoder().encode(text)
    })
  }

  async append(lines: string): Promise<void> {
    await this.#within('written', async (store) => {
      store.add(lines)
    })
  }

  /** Lets the database go; the next use opens it again. */
  async close(): Promise<void> {
    const database = this.#database
    this.#database = undefined
    if (database !== undefined) (await database).close()
  }

  async #within<T>(what: string, work: (store: IDBObjectStore) => Promise<T>): Promise<T> {
    try {
      this.#database ??= this.#open()
      const transaction = (await this.#database).transaction(STORE, 'readwrite')
      const done = new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve()
        transaction.onabort = () => reject(transaction.error ?? new Error('the transaction was aborted'))
      })
      const [made] = await Promise.all([work(transaction.objectStore(STORE)), done])
      return made
    } catch (cause) {
      this.#database = undefined
      const reason = cause instanceof Error ? cause.message : String(cause)
      const text = `library: IndexedDB '${this.name}' cannot be ${what}: ${reason}`
      throw new HomeostatError('HOMEOSTAT_FILE', text, { option: 'library', cause })
    }
  }

  async #open(): Promise<IDBDatabase> {
    const request = this.#factory.open(this.name, 1)
    request.onupgradeneeded = () => void request.result.createObjectStore(STORE, { autoIncrement: true })
    const database = await settled(request)
    // A page that wants it deleted, or newer, does not wait for this one.
    database.onversionchange = () => {
      database.close()
      this.#database = undefined
    }
    return database
  }
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('the request failed'))
  })
}

/** The last whole lines, about so many characters of them. */
function newest(text: string, most: number): string {
  const from = text.indexOf('\n', text.length - most)
  return from < 0 ? '' : text.slice(from + 1)
}
