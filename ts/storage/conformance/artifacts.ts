/** What artifacts promise. */
import type { ArtifactStore } from '../artifacts.js'
import { sha256 } from '../hash.js'
import { type Case, equal, fails } from './support.js'

async function using(open: () => Promise<ArtifactStore>, work: (store: ArtifactStore) => Promise<void>): Promise<void> {
  const store = await open()
  try {
    await work(store)
  } finally {
    await store.close()
  }
}

/** Bytes that no other case and no other run has. */
function random(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, Math.min(length, at + 65_536)))
  return bytes
}

const same = (a: Uint8Array | undefined, b: Uint8Array): boolean =>
  a !== undefined && a.length === b.length && a.every((byte, i) => byte === b[i])

export const ARTIFACT_CASES: readonly Case<ArtifactStore>[] = [
  [
    'bytes come back under their hash, in another store',
    async (open) => {
      for (const length of [0, 1, 1000, 1_500_000, 9_000_000]) {
        const bytes = random(length)
        let digest = ''
        await using(open, async (store) => {
          digest = await store.put(bytes)
          equal('digest', digest, await sha256(bytes))
        })
        await using(open, async (store) => {
          equal('size', await store.size(digest), length)
          equal('bytes', same(await store.get(digest), bytes), true)
        })
      }
    },
  ],
  [
    'the same bytes are kept once, however often and whoever puts them',
    async (open) => {
      const bytes = random(5000)
      const stores = await Promise.all(Array.from({ length: 3 }, () => open()))
      try {
        const digests = await Promise.all([...stores, ...stores].map((store) => store.put(bytes)))
        const [digest = ''] = digests
        equal('digests', new Set(digests).size, 1)
        const listed: string[] = []
        for await (const name of (stores[0] as ArtifactStore).list()) listed.push(name)
        equal('listed', listed.filter((name) => name === digest).length, 1)
        equal('in order', listed, [...listed].sort())
        equal('bytes', same(await stores[1]?.get(digest), bytes), true)
      } finally {
        await Promise.all(stores.map((store) => store.close()))
      }
    },
  ],
  [
    'what is not there is undefined, and what is removed is not there',
    (open) =>
      using(open, async (store) => {
        const digest = await store.put(random(100))
        equal('removed', await store.remove(digest), true)
        equal('removed again', await store.remove(digest), false)
        equal('bytes', await store.get(digest), undefined)
        equal('size', await store.size(digest), undefined)
        await fails('a digest that is none', 'HOMEOSTAT_INVALID_OPTION', () => store.get('../../etc/passwd'))
        await fails('text', 'HOMEOSTAT_INVALID_OPTION', () => store.put('text' as never))
      }),
  ],
  [
    'what is put is not changed by who put it, nor what is got by who got it',
    (open) =>
      using(open, async (store) => {
        const bytes = random(64)
        const before = bytes.slice()
        const digest = await store.put(bytes)
        bytes.fill(0)
        const got = await store.get(digest)
        got?.fill(1)
        equal('bytes', same(await store.get(digest), before), true)
      }),
  ],
  ['a store that works answers a ping', (open) => using(open, (store) => store.ping())],
  [
    'many artifacts are listed, all of them',
    (open) =>
      using(open, async (store) => {
        const digests = await Promise.all(Array.from({ length: 30 }, (_, i) => store.put(random(10 + i))))
        const listed = new Set<string>()
        for await (const digest of store.list()) listed.add(digest)
        equal(
          'missing',
          digests.filter((digest) => !listed.has(digest)),
          [],
        )
      }),
  ],
]
