/** Kernels of a forge as a table: who answers, how far its proof is, and how much faster it is than the processor. */
import { expect, onTestFinished, test } from 'vitest'
import { blueprint, forge } from '../../ts/entries/forge/node.js'
import { server } from '../../ts/entries/server/node.js'
import type { Forge, Kernel, StepEvent } from '../../ts/forge/public.js'
import { kernels, type ShownForge, type ShownKernel } from '../../ts/server/kernels.js'

/** A forge of the package and its kernels are what is asked for. */
const _forge: ShownForge = {} as Forge
const _kernel: ShownKernel = {} as Kernel

function plant() {
  const listeners = new Map<string, (event: StepEvent) => void>()
  const forge = {
    on: (type: string, listener: (event: StepEvent) => void) => {
      listeners.set(type, listener)
      return () => {}
    },
  }
  const stats = {
    runs: 0,
    rejections: 0,
    answers: 'cpu' as 'cpu' | 'device',
    schedules: [] as string[],
    medianMs: Number.NaN,
  }
  const tell = (type: string, more: Partial<StepEvent> = {}, blueprint = 'abc') =>
    listeners.get(type)?.({ blueprint, schedules: [], ...more } as StepEvent)
  const read = kernels(forge as unknown as ShownForge, { scores: { hash: 'abc', stats: () => stats } })
  return { stats, tell, row: () => read()[0] }
}

test('from the processor to a kernel that stays, faster with each promotion, and back', () => {
  const { stats, tell, row } = plant()
  expect(row()).toMatchObject({
    kernel: 'scores',
    lifecycle: 'processor',
    tags: ['processor'],
    'speed-up': 1,
    'median ms': null,
  })
  tell('promoted', { schedules: ['tiled 16'], ratio: 0.5, worstError: 0.1 })
  Object.assign(stats, { answers: 'device', schedules: ['tiled 16'], runs: 3, medianMs: 2 })
  expect(row()).toMatchObject({
    lifecycle: 'probation',
    tags: ['tiled 16'],
    'speed-up': 2,
    'max error': 0.1,
    'median ms': 2,
  })
  tell('kept')
  tell('promoted', { schedules: ['tiled 32'], ratio: 0.25 })
  stats.schedules = ['tiled 32']
  expect(row()).toMatchObject({ lifecycle: 'probation', 'speed-up': 8 })
  tell('rolledBack', { reason: 'slower' })
  stats.schedules = ['tiled 16']
  expect(row()).toMatchObject({ lifecycle: 'active', 'speed-up': 2, 'last step': 'rolledBack: slower' })
  tell('quarantined')
  Object.assign(stats, { answers: 'cpu', schedules: [] })
  expect(row()).toMatchObject({ lifecycle: 'quarantined', tags: ['processor'], 'speed-up': 1, 'max error': null })
})

test('a promotion after a roll back is measured against what answered again, whoever looked meanwhile', () => {
  const { stats, tell, row } = plant()
  tell('promoted', { schedules: ['a'], ratio: 0.5 })
  tell('promoted', { schedules: ['b'], ratio: 0.5 })
  tell('rolledBack')
  tell('promoted', { schedules: ['c'], ratio: 0.25 })
  Object.assign(stats, { answers: 'device', schedules: ['c'] })
  expect(row()).toMatchObject({ 'speed-up': 8 })
})

test('what is not known is not made up, and others’ steps are not taken', () => {
  const { stats, tell, row } = plant()
  tell('promoted', { schedules: ['a'], ratio: 0.5 }, 'another')
  Object.assign(stats, { answers: 'device', schedules: ['b'] })
  expect(row()).toMatchObject({ lifecycle: 'active', 'speed-up': null })
  tell('promoted', { schedules: ['c'] })
  stats.schedules = ['c']
  expect(row()).toMatchObject({ lifecycle: 'probation', 'speed-up': null })
})

test('the forge itself, on the processor: what ran stands in the state, under the names that it was given', async () => {
  await using f = await forge({ device: 'cpu' })
  const scores = await f.kernel(blueprint.input('x', [64]).mul(2).relu())
  const norms = await f.kernel(blueprint.matmul({ m: 4, n: 4, k: 4 }))
  const operations = await server({ sections: { kernels: kernels(f, { scores, norms }) } })
  onTestFinished(() => operations.close())
  for (let run = 0; run < 3; run++) await scores.run({ x: new Float32Array(64).fill(run) })
  const headers = { host: 'localhost' }
  const connection = { peer: '127.0.0.1' }
  const answer = await operations.fetch(new Request('http://localhost/api/v1/state', { headers }), connection)
  const { sections } = (await answer.json()) as { sections: { kernels: Record<string, unknown>[] } }
  const fixed = { lifecycle: 'processor', tags: ['processor'], 'speed-up': 1, rejected: 0, 'max error': null }
  expect(sections.kernels).toEqual([
    { kernel: 'scores', runs: 3, 'median ms': expect.any(Number), 'last step': expect.any(String), ...fixed },
    { kernel: 'norms', runs: 0, 'median ms': null, 'last step': expect.any(String), ...fixed },
  ])
})
