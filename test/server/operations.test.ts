/** The journal of operations while what keeps it comes and goes. */
import { expect, test } from 'vitest'
import { verifyJournal } from '../../ts/entries/node.js'
import { MemorySink } from '../../ts/journal/sink.js'
import type { OperationRecord } from '../../ts/server/api/commands.js'
import { operation } from '../../ts/server/api/commands.js'
import { Operations } from '../../ts/server/audit/operations.js'
import { faultsOf } from '../../ts/server/schema/check.js'

/** Takes what is written to it, except while it is away. */
class Moody extends MemorySink {
  away = false
  override room(): number {
    return this.away ? 0 : super.room()
  }
}

const asked = (command: string, protects = true) => ({
  actor: 'ada',
  peer: null,
  target: 'tuner catalog',
  command: { command },
  protects,
})
const done = { outcome: 'done', violation: null, generation: null, entries: [] } as const

function journal() {
  const sink = new Moody(1 << 20)
  const told: OperationRecord[] = []
  const operations = new Operations(sink, 'run', (record) => told.push(record))
  const lines = () =>
    new TextDecoder()
      .decode(sink.read())
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { seq: number; event: string; payload: Record<string, unknown> })
  return { sink, operations, told, lines }
}

test('what could not be recorded leaves a gap that says how much, and the journal verifies', async () => {
  const { sink, operations, lines } = journal()
  await (await operations.ask(asked('freeze'))).end(done)
  sink.away = true
  await expect(operations.ask(asked('rollback', false))).rejects.toMatchObject({ kind: 'journal-unavailable' })
  await (await operations.ask(asked('freeze'))).end(done)
  const late = await operations.ask(asked('control'))
  sink.away = false
  await late.end(done)
  await (await operations.ask(asked('unfreeze'))).end(done)
  await operations.close(100)
  expect(await verifyJournal([sink.read()])).toMatchObject({ ok: true, runs: 1, entries: 6 })
  expect(lines().map(({ seq, event, payload }) => [seq, event, payload.dropped ?? payload.of ?? null])).toEqual([
    [0, 'start', null],
    [1, 'asked', null],
    [2, 'done', 1],
    // Two operations with two entries each: what came of one that is not there would mean nothing.
    [3, 'gap', 4],
    [4, 'asked', null],
    [5, 'done', 4],
  ])
  expect(operations.unrecorded).toBe(2)
  const list = operations.list(10)
  expect(list.map(({ entry }) => entry)).toEqual([4, null, null, 1])
  expect(list.flatMap((one) => faultsOf(operation, one))).toEqual([])
})

test('what came of something is not written to a journal that takes nothing by then', async () => {
  const { sink, operations, lines } = journal()
  const { end } = await operations.ask(asked('freeze'))
  sink.away = true
  await end(done)
  expect(lines().map(({ event }) => event)).toEqual(['start', 'asked'])
  sink.away = false
  await operations.ask(asked('freeze'))
  expect(lines().map(({ event, payload }) => [event, payload.dropped])).toEqual([
    ['start', undefined],
    ['asked', undefined],
    ['gap', 1],
    ['asked', undefined],
  ])
})

test('a list in pieces has every operation once, in the order of asking', async () => {
  const { operations } = journal()
  const slow = await operations.ask(asked('rollback', false))
  for (let i = 0; i < 5; i++) await (await operations.ask(asked('freeze'))).end(done)
  await slow.end(done)
  const pieces: number[] = []
  for (let before: number | undefined; ; ) {
    const piece = operations.list(2, before)
    if (piece.length === 0) break
    pieces.push(...piece.map(({ seq }) => seq))
    before = piece.at(-1)?.seq
  }
  expect(pieces).toEqual([...pieces].sort((a, b) => b - a))
  expect(new Set(pieces).size).toBe(6)
  expect(operations.lastSeq).toBeGreaterThanOrEqual(pieces[0] as number)
})
