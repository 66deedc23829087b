/** What items promise, and a store as a whole. */
import type { KernelRecord, Storage } from '../contract.js'
import { type Case, equal, fails, fresh } from './support.js'

const kernel = (state: string): KernelRecord => ({ blueprint: 'matmul', state, tags: ['portable'], seconds: 1e-3 })

async function using(open: () => Promise<Storage>, work: (storage: Storage) => Promise<void>): Promise<void> {
  const storage = await open()
  try {
    await work(storage)
  } finally {
    await storage.close()
  }
}

export const ITEM_CASES: readonly Case<Storage>[] = [
  [
    'a value comes back as it was put, in another store',
    async (open) => {
      const scope = fresh()
      const value = {
        ...kernel('ready'),
        fact: 'quote " backslash \\ ü 漢 🜁 \u0000 \u2028',
        seconds: 1.234567890123e-300,
      }
      await using(open, async ({ kernels }) => {
        equal('nothing yet', await kernels.get(scope, 'a'), undefined)
        equal('version', await kernels.put(scope, 'a', value), 1)
        equal('version after', await kernels.put(scope, 'a', value), 2)
      })
      await using(open, async ({ kernels }) => {
        const item = await kernels.get(scope, 'a')
        equal('value', item?.value, value)
        equal('version', [item?.scope, item?.id, item?.version], [scope, 'a', 2])
        equal('time', (item?.updatedMs ?? 0) > 1.6e12, true)
      })
    },
  ],
  [
    'versions keep writers apart',
    (open) =>
      using(open, async ({ kernels }) => {
        const scope = fresh()
        equal('made', await kernels.put(scope, 'a', kernel('1'), 0), 1)
        await fails('made again', 'HOMEOSTAT_STORAGE_CONFLICT', () => kernels.put(scope, 'a', kernel('2'), 0))
        equal('changed', await kernels.put(scope, 'a', kernel('2'), 1), 2)
        await fails('an old version', 'HOMEOSTAT_STORAGE_CONFLICT', () => kernels.put(scope, 'a', kernel('3'), 1))
        await fails('none there', 'HOMEOSTAT_STORAGE_CONFLICT', () => kernels.put(scope, 'b', kernel('3'), 1))
        equal('value', (await kernels.get(scope, 'a'))?.value.state, '2')
        equal('removed at an old version', await kernels.remove(scope, 'a', 1), false)
        equal('removed', await kernels.remove(scope, 'a', 2), true)
        equal('removed again', await kernels.remove(scope, 'a'), false)
        equal('gone', await kernels.get(scope, 'a'), undefined)
      }),
  ],
  [
    'of many that change a version at once, one does',
    async (open) => {
      const scope = fresh()
      const stores = await Promise.all(Array.from({ length: 4 }, () => open()))
      try {
        const put = (version: number) =>
          Promise.allSettled(stores.map(({ kernels }, i) => kernels.put(scope, 'a', kernel(`${i}`), version)))
        for (const version of [0, 1, 2]) {
          const outcomes = await put(version)
          equal('who put', outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
        }
        const counts = await Promise.all(stores.map(({ kernels }, i) => kernels.put(scope, 'a', kernel(`${i}`))))
        equal('versions of those that do not ask', counts.sort(), [4, 5, 6, 7])
      } finally {
        await Promise.all(stores.map((store) => store.close()))
      }
    },
  ],
  [
    'items are listed by their bytes, in pages',
    (open) =>
      using(open, async ({ kernels }) => {
        const scope = fresh()
        const ids = ['A', 'Z', 'a', 'a%', 'a%b', 'a_', 'ab', 'b', 'é', '漢', '\uffee', '🜁']
        for (const id of [...ids].reverse()) await kernels.put(scope, id, kernel('ready'))
        const listed = async (query: object) => (await kernels.list({ scope, ...query })).map(({ id }) => id)
        equal('all', await listed({}), ids)
        equal('a page', await listed({ limit: 3 }), ids.slice(0, 3))
        equal('the next', await listed({ limit: 4, after: { scope, id: 'a' } }), ids.slice(3, 7))
        equal('with a start', await listed({ prefix: 'a%' }), ['a%', 'a%b'])
        equal('with an underscore', await listed({ prefix: 'a_' }), ['a_'])
        equal('beyond the first plane', await listed({ prefix: '🜁' }), ['🜁'])
        const other = `${scope}-b`
        await kernels.put(other, 'A', kernel('ready'))
        const both = await kernels.list({ after: { scope, id: '漢' }, limit: 3 })
        equal(
          'across scopes',
          both.map((item) => [item.scope, item.id]),
          [
            [scope, '\uffee'],
            [scope, '🜁'],
            [other, 'A'],
          ],
        )
      }),
  ],
  [
    'kinds of items do not meet',
    (open) =>
      using(open, async ({ kernels, regimes }) => {
        const scope = fresh()
        await regimes.put(scope, 'a', { features: [1, 2], values: { ttl: 3 }, objective: 4, windows: 5 })
        equal('a kernel', await kernels.get(scope, 'a'), undefined)
        equal('a regime', (await regimes.get(scope, 'a'))?.value.features, [1, 2])
      }),
  ],
  [
    'a library of kernels keeps the last line about each, those that it cannot read too',
    async (open) => {
      const name = fresh()
      const line = (about: object): string => `0badc0de ${JSON.stringify({ v: 1, ...about })}`
      const one = { blueprint: 'a'.repeat(64), group: 0, schedule: 'tile 8', device: 7 }
      await using(open, async ({ kernels }) => {
        const library = kernels.library(name)
        equal('a new one', await library.load(), undefined)
        const first = [
          line({ ...one, kernel: 'candidate', seconds: 2 }),
          line({ blueprint: one.blueprint, state: 'known' }),
        ]
        await library.append(`${first.join('\n')}\n`)
        const other = line({ ...one, device: 8, kernel: 'candidate', seconds: 3 })
        await library.append(`${line({ ...one, kernel: 'proven', seconds: 1 })}\n${other}\nneither JSON nor old\n`)
      })
      await using(open, async ({ kernels }) => {
        const text = new TextDecoder().decode(await kernels.library(name).load())
        const kept = text.trimEnd().split('\n').sort()
        const wanted = [
          line({ ...one, kernel: 'proven', seconds: 1 }),
          line({ ...one, device: 8, kernel: 'candidate', seconds: 3 }),
          line({ blueprint: one.blueprint, state: 'known' }),
          'neither JSON nor old',
        ]
        equal('lines', kept, wanted.sort())
        const [first] = await kernels.list({ scope: name, prefix: `${one.blueprint}/` })
        // That it was wrong is final, for whoever has not heard of it too.
        const wrong = line({ ...one, kernel: 'quarantined', seconds: 1 })
        const deaf = kernels.library(name)
        await deaf.append(`${wrong}\n`)
        await kernels.library(name).append(`${line({ ...one, kernel: 'promoted', seconds: 1 })}\n`)
        await deaf.append(`${wrong}\n${line({ ...one, kernel: 'promoted', seconds: 2 })}\n`)
        const last = new TextDecoder().decode(await kernels.library(name).load())
        equal('quarantine stays', [last.includes(wrong), last.includes('promoted')], [true, false])
        equal('a record', [first?.value.blueprint, first?.value.state], [one.blueprint, 'known'])
      })
    },
  ],
  [
    'what cannot be kept is refused',
    (open) =>
      using(open, async ({ kernels }) => {
        const scope = fresh()
        const refused = (what: string, work: () => Promise<unknown>) => fails(what, 'HOMEOSTAT_INVALID_OPTION', work)
        await refused('an empty scope', () => kernels.get('', 'a'))
        await refused('a NUL', () => kernels.put(scope, 'a\0', kernel('1')))
        await refused('half a character', () => kernels.put(scope, '\ud800', kernel('1')))
        await refused('an id that is too long', () => kernels.put(scope, 'x'.repeat(257), kernel('1')))
        await refused('a value that is too long', () => kernels.put(scope, 'a', kernel('x'.repeat(1 << 20))))
        await refused('no value', () => kernels.put(scope, 'a', undefined as never))
        await refused('a version that is none', () => kernels.put(scope, 'a', kernel('1'), -1))
      }),
  ],
  [
    'a store that was closed says so, and stays closed',
    async (open) => {
      const storage = await open()
      await storage.ping()
      const writer = await storage.journals.open(fresh())
      await storage.close()
      await storage.close()
      await fails('a writer', 'HOMEOSTAT_CLOSED', () => writer.append('{}\n'))
      await fails('a log', 'HOMEOSTAT_CLOSED', () => storage.journals.open('a'))
      await fails('an item', 'HOMEOSTAT_CLOSED', () => storage.kernels.get('a', 'a'))
      await fails('a list', 'HOMEOSTAT_CLOSED', () => storage.kernels.list())
      await fails('a ping', 'HOMEOSTAT_CLOSED', () => storage.ping())
    },
  ],
]
