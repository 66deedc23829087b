/** What the store in memory costs, by counts. */
import { expect, test } from 'vitest'
import { memoryBackend, memoryData } from '../../ts/storage/memory.js'

test('a page of a long log looks at its own entries alone', async () => {
  let looks = 0
  const [first, count] = [500, 20_000]
  const rows = Array.from({ length: count }, (_, i) => ({
    get position() {
      looks++
      return first + i
    },
    get event() {
      looks++
      return i % 2 === 0 ? 'window' : 'apply'
    },
    line: '{}',
  }))
  const data = memoryData()
  const head = { key: 'journal/long', epoch: 1, beat: 0, holder: null, first, next: first + count, bytes: 3 * count }
  data.logs.set(head.key, { head: { ...head, hash: null, event: null }, rows })
  const { logs } = memoryBackend(data)
  const whole = { from: 0, before: Number.MAX_SAFE_INTEGER, limit: 3, newestFirst: false }
  for (const [query, expected] of [
    [{}, [500, 501, 502]],
    [{ newestFirst: true }, [20_499, 20_498, 20_497]],
    [{ from: 10_000 }, [10_000, 10_001, 10_002]],
    [{ from: 10_000, before: 10_002, newestFirst: true }, [10_001, 10_000]],
    [{ from: 10_000, events: ['apply'] }, [10_001, 10_003, 10_005]],
    [{ before: 500 }, []],
    [{ from: 20_500 }, []],
    [{ from: 10_002, before: 10_000 }, []],
  ] as const) {
    looks = 0
    const page = await logs.entries('journal/long', { ...whole, ...query })
    const cost = looks
    expect([query, page.map(({ position }) => position)]).toEqual([query, expected])
    expect(cost).toBeLessThan(20)
  }
  looks = 0
  expect(await logs.trim('journal/long', 1500, 700)).toEqual({ entries: 700, bytes: 2100, first: 1200 })
  expect(looks).toBeLessThan(20)
  expect((await logs.entries('journal/long', whole)).map(({ position }) => position)).toEqual([1200, 1201, 1202])
})
