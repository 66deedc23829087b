import { expect, test } from 'vitest'
import type { Port } from '../../ts/bindings/forge/protocol.js'
import { remoteForge } from '../../ts/bindings/forge/remote.js'
import { serve } from '../../ts/bindings/forge/serve.js'
import { Scripted } from './scripted.js'

/** Both ends of a channel, in one thread. */
function channel(): readonly [Port, Port] {
  const listeners: ((event: MessageEvent) => void)[][] = [[], []]
  const end = (own: number): Port => ({
    postMessage: (data) =>
      queueMicrotask(() => {
        for (const listener of listeners[1 - own] ?? []) listener({ data } as MessageEvent)
      }),
    addEventListener: (_, listener) => void listeners[own]?.push(listener),
  })
  return [end(0), end(1)]
}

const OPTIONS = { device: 'auto', kernel: '{}', runId: 'run', share: 0.5, strategies: '', nowUs: () => 0 } as const

async function subject() {
  const [page, worker] = channel()
  const scripted = new Scripted()
  serve(
    worker,
    async () => scripted.binding,
    () => 0,
  )
  const remote = remoteForge(page)
  await remote.load('somewhere')
  return { scripted, binding: remote.binding }
}

test('tensors of a forge go with it, another forge’s stay', async () => {
  const { scripted, binding } = await subject()
  const [one, two] = [await binding.open(OPTIONS), await binding.open(OPTIONS)]
  const kernel = await one.kernel('', '{}')
  const tensor = await one.upload('f32', new Uint8Array(4))
  await kernel.run([tensor], true)
  const other = await two.upload('f32', new Uint8Array(4))
  expect(scripted.buffers).toBe(3)
  await one.close()
  expect(scripted.buffers).toBe(1)
  expect(await other.read()).toHaveLength(4)
  await expect(tensor.read()).rejects.toMatchObject({ code: 'HOMEOSTAT_CLOSED' })
  await expect(one.takeEvents()).rejects.toMatchObject({ code: 'HOMEOSTAT_CLOSED' })
})

test('a tensor that is given up twice, and one that a run still waits for', async () => {
  const { scripted, binding } = await subject()
  const forge = await binding.open(OPTIONS)
  const kernel = await forge.kernel('', '{}')
  let go: () => void = () => {}
  scripted.run = new Promise((resolve) => {
    go = resolve
  })
  const tensor = await forge.upload('f32', new Uint8Array(4))
  const running = kernel.run([tensor], false)
  tensor.close()
  tensor.close()
  go()
  expect(await running).toHaveLength(1)
  await expect(tensor.read()).rejects.toMatchObject({ code: 'HOMEOSTAT_CLOSED' })
  await expect(kernel.run([tensor], false)).rejects.toMatchObject({ code: 'HOMEOSTAT_CLOSED' })
  expect(scripted.buffers).toBe(0)
})

test('outputs of a run that ends after its forge was closed go too, and another forge’s calls go on', async () => {
  const { scripted, binding } = await subject()
  const [one, two] = [await binding.open(OPTIONS), await binding.open(OPTIONS)]
  const kernel = await one.kernel('', '{}')
  let go: () => void = () => {}
  scripted.run = new Promise((resolve) => {
    go = resolve
  })
  const running = kernel.run([new Uint8Array(4)], true)
  const refused = expect(running).rejects.toMatchObject({ code: 'HOMEOSTAT_CLOSED' })
  await one.close()
  go()
  await refused
  expect(scripted.buffers).toBe(0)
  const other = await two.upload('f32', new Uint8Array(4))
  expect(await other.read()).toHaveLength(4)
})
