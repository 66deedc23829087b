/** The library of a browser, over as much of IndexedDB as it uses. */
import { expect, test } from 'vitest'
import { IndexedDbLibrary } from '../../ts/forge/indexed-library.js'
import { SCHEMA } from '../../ts/forge/library.js'

/** Requests are answered one after the other; a transaction is over when none is left. */
class Databases {
  /** Records of each database, in their order. */
  readonly records = new Map<string, unknown[]>()

  open(name: string): object {
    const request = { result: this.#database(name), onupgradeneeded: () => {}, onsuccess: () => {} }
    queueMicrotask(() => {
      if (!this.records.has(name)) {
        this.records.set(name, [])
        request.onupgradeneeded()
      }
      request.onsuccess()
    })
    return request
  }

  #database(name: string): object {
    return {
      createObjectStore: () => {},
      close: () => {},
      transaction: () => {
        const transaction = { objectStore: () => store, oncomplete: () => {}, onabort: () => {} }
        let [waiting, over] = [0, false]
        const ask = (work: (records: unknown[]) => unknown): object => {
          if (over) throw new DOMException('the transaction has finished', 'TransactionInactiveError')
          const request = { result: undefined as unknown, onsuccess: () => {} }
          waiting++
          setTimeout(() => {
            request.result = work(this.records.get(name) as unknown[])
            request.onsuccess()
            // What is asked for in answer to it belongs to the same transaction.
            setTimeout(() => {
              if (--waiting > 0) return
              over = true
              transaction.oncomplete()
            }, 0)
          }, 0)
          return request
        }
        const store = {
          getAll: () => ask((records) => [...records]),
          clear: () => ask((records) => records.splice(0)),
          add: (one: unknown) => ask((records) => records.push(one)),
        }
        return transaction
      },
    }
  }
}

const line = (v: number, what: string): string => `01234567 {"v":${v},"topic":"${what}"}\n`

function subject(name: string, records: readonly string[]) {
  const databases = new Databases()
  databases.records.set(name, [...records])
  const library = new IndexedDbLibrary(name, databases as unknown as IDBFactory)
  const load = async (): Promise<string> => new TextDecoder().decode(await library.load())
  return { library, load, records: () => databases.records.get(name) as string[] }
}

test('what many appends left is one record after a load, and what is appended comes after', async () => {
  const many = Array.from({ length: 65 }, (_, i) => line(SCHEMA, `kernel ${i}`))
  const { library, load, records } = subject('many', many)
  expect(await load()).toBe(many.join(''))
  expect(records()).toEqual([many.join('')])
  await library.append(line(SCHEMA, 'more'))
  expect(await load()).toBe(many.join('') + line(SCHEMA, 'more'))
  expect(records()).toHaveLength(2)
})

test('the oldest lines go where there are too many', async () => {
  const long = 'x'.repeat(1 << 20)
  const all = Array.from({ length: 5 }, (_, i) => line(SCHEMA, `${i} ${long}`))
  const { load, records } = subject('long', all)
  const kept = all.slice(-2).join('')
  expect((await load()) === kept).toBe(true)
  expect([records().length, records()[0] === kept]).toEqual([1, true])
})

test('a library of another version is left as it is, however much it is', async () => {
  const many = Array.from({ length: 100 }, (_, i) => line(SCHEMA + 1, `kernel ${i} ${'x'.repeat(50_000)}`))
  const { load, records } = subject('other', many)
  expect((await load()) === many.join('')).toBe(true)
  expect(records()).toEqual(many)
  // One line of ours makes it ours.
  records().push(line(SCHEMA, 'ours'))
  expect((await load()).endsWith(line(SCHEMA, 'ours'))).toBe(true)
  expect(records()).toHaveLength(1)
})

test('each version of the lines has a database of its own, where nobody names one', () => {
  expect(new IndexedDbLibrary(undefined, new Databases() as unknown as IDBFactory).name).toBe(
    `homeostat-forge-${SCHEMA}`,
  )
})
