/** The forge's journal: runs one behind the other are one chain. */
import { expect, test } from 'vitest'
import { blueprint, forge } from '../../ts/entries/forge/node.js'
import { verifyJournal } from '../../ts/entries/node.js'
import { memoryStorage } from '../../ts/storage/index.js'
import { refusal } from './support.js'

async function run(journal: NonNullable<Parameters<typeof forge>[0]>['journal']): Promise<string[]> {
  const troubles: string[] = []
  const f = await forge({ device: 'cpu', ...(journal && { journal }) })
  f.on('trouble', ({ error }) => void troubles.push(error.message))
  await f.kernel(blueprint.input('x', [4]).relu())
  await f.close()
  return troubles
}

test('runs that follow each other in one file are one chain', async () => {
  let text = ''
  const append = async (lines: string): Promise<void> => {
    text += lines
  }
  for (let i = 0; i < 3; i++) {
    const last = text.trimEnd().split('\n').at(-1)
    const previous = last ? (JSON.parse(last) as { hash: string }).hash : undefined
    expect(await run({ append, previous })).toEqual([])
  }
  expect(await verifyJournal([new TextEncoder().encode(text)])).toEqual({ ok: true, entries: 9, runs: 3 })
  const store = memoryStorage()
  const writer = await store.journals.open('copy')
  await writer.append(text)
  expect(await store.journals.verify('copy')).toMatchObject({ ok: true })
  const runs = new Set(
    text
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { run_id: string }).run_id),
  )
  expect([runs.size, (await store.journals.entries('copy')).length]).toEqual([3, 9])
  // A run that says it goes on behind another entry than the last does not.
  text = ''
  await run({ append, previous: '0'.repeat(64) })
  await expect(writer.append(text)).rejects.toMatchObject({ code: 'HOMEOSTAT_JOURNAL_BROKEN' })
  await store.close()
})

test('a store’s writer says by itself where to go on', async () => {
  const store = memoryStorage()
  for (let i = 0; i < 2; i++) {
    const writer = await store.journals.open('forge')
    expect(await run(writer)).toEqual([])
    await writer.close()
  }
  expect(await store.journals.entries('forge')).toHaveLength(6)
  expect(await store.journals.verify('forge')).toMatchObject({ ok: true })
  await store.close()
})

test('a hash that is none is refused', async () => {
  const error = await refusal(() => forge({ device: 'cpu', journal: { append: async () => {}, previous: 'x' } }))
  expect(error.code).toMatch(/^HOMEOSTAT_/)
})
