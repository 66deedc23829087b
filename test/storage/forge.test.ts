/** The forge's library in a store: what one process learned another one knows, and damage is passed over as it is in a file. */
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { adapters, blueprint, type ForgeEvents, forge } from '../../ts/entries/forge/node.js'
import { PERSISTENT, SUBJECTS } from './support/stores.js'

const SHA = 'ab'.repeat(32)
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes)

function line(fact: object): string {
  const json = JSON.stringify(fact)
  return `${createHash('sha256').update(json).digest('hex').slice(0, 8)} ${json}\n`
}
const DEVICE = { backend: 'vulkan', vendor: 1, device: 2, driver: 'd', compiler: '0.1.0' }
const kernel = (schedule: string, more: object = {}): string =>
  line({
    ...{
      v: 1,
      blueprint: SHA,
      group: 0,
      schedule,
      bucket: 3,
      dtype: 'f32',
      ...DEVICE,
      kernel: 'promoted',
      seconds: 1e-5,
    },
    ...{ extra_bytes: 0, error: 0, portable: true },
    ...more,
  })
const lesson = (topic: string, numbers: readonly number[]): string => line({ v: 1, topic, ...DEVICE, numbers })

/** What a forge says of a library when it reads it. */
async function reads(library: NonNullable<Parameters<typeof forge>[0]>['library']): Promise<ForgeEvents['library']> {
  const own = await forge({ device: 'cpu', ...(library !== undefined && { library }) })
  try {
    return await new Promise((resolve) => own.on('library', resolve))
  } finally {
    await own.close()
  }
}

describe.each([['memory', undefined] as const, ...PERSISTENT])('%s', (kind, missing) => {
  test('a forge reads what others kept: facts, damage and other versions are told apart', async ({ skip }) => {
    if (missing !== undefined) skip(missing)
    const subject = await SUBJECTS[kind]()
    const [one, two] = [await subject.open(), await subject.open()]
    try {
      await one.kernels.library().append(kernel('map 1') + kernel('map 2') + kernel('map 1', { seconds: 2e-5 }))
      await one.kernels.library().append(lesson('model', [1, 2]))
      await one.kernels.library().append(lesson('model', [3]))
      // A later fact about a kernel or a topic takes the place of the one before.
      expect(text(await two.kernels.library().load())).toContain(lesson('model', [3]))
      expect(text(await two.kernels.library().load())).not.toContain(lesson('model', [1, 2]))
      expect(await reads(two.kernels.library())).toMatchObject({ taken: 3, damaged: 0, otherVersion: 0 })
      await one.kernels.library().append(kernel('map 1').replace('promoted', 'proMoted') + kernel('map 3', { v: 2 }))
      expect(await reads(two.kernels.library())).toMatchObject({ damaged: 1, otherVersion: 1 })
      expect(await two.kernels.library('another').load()).toBeUndefined()
    } finally {
      await Promise.all([one.close(), two.close()])
      subject.remove()
    }
  })

  test('what others append is seen once, what this process appended is not', async ({ skip }) => {
    if (missing !== undefined) skip(missing)
    const subject = await SUBJECTS[kind]()
    const [one, two] = [await subject.open(), await subject.open()]
    try {
      const [mine, theirs] = [one.kernels.library(), two.kernels.library()]
      await mine.append(kernel('map 1'))
      expect(text(await mine.load())).toBe(kernel('map 1'))
      await mine.append(kernel('map 2'))
      expect(await mine.grown()).toBeUndefined()
      await theirs.append(kernel('map 3') + kernel('map 2', { seconds: 3e-5 }))
      const seen = text(await mine.grown())
      expect([seen.includes(kernel('map 3')), seen.includes(kernel('map 2', { seconds: 3e-5 }))]).toEqual([true, true])
      expect(seen).not.toContain('"map 1"')
      expect(await mine.grown()).toBeUndefined()
    } finally {
      await Promise.all([one.close(), two.close()])
      subject.remove()
    }
  })
})

test('a kernel that was searched for once is known to the next process of the store', async ({ skip }) => {
  const [best] = await adapters()
  if (best === undefined) skip('no adapter: there is neither a GPU nor a software adapter that this core can use')
  const subject = await SUBJECTS.sqlite()
  const shape = { shape: [32, 64] }
  const measured: number[] = []
  for (let process = 0; process < 2; process++) {
    const storage = await subject.open()
    const f = await forge({ backend: 'gpu', sampling: 0, evaluations: 2, library: storage.kernels.library() })
    const stats = await (await f.kernel(blueprint.softmax(shape))).settled()
    measured.push(stats.measured)
    expect(stats.answers).toBe('device')
    await f.close()
    expect((await storage.kernels.list({ scope: 'forge' })).map(({ value }) => value.state)).toContain('promoted')
    await storage.close()
  }
  expect(measured).toEqual([2, 0])
  subject.remove()
})
