// A forge loses its device, computes on, and gets another one; the next forge of this origin knows what the first one learned. Then
// kernels hand each other tensors.
const Packed = Worker
globalThis.Worker = class extends Packed {
  constructor() {
    super('/lives/worker.js', { type: 'module' })
  }
}
const { adapters, blueprint, forge } = await import('homeostat/forge')
const { chain } = await import('./chain.js')

const OPTIONS = { evaluations: 2, backend: 'gpu', sampling: 0 }
const event = (f, type) =>
  new Promise((resolve) => {
    const end = f.on(type, (details) => {
      end()
      resolve(details)
    })
  })
const x = Float32Array.from({ length: 2048 }, (_, i) => ((i * 7919) % 101) / 50)
const apart = (a, b) => a.reduce((most, v, i) => Math.max(most, Math.abs(v - b[i])), 0)

/** Where it is, for whoever waits in vain. */
const at = (stage) => {
  globalThis.stage = stage
}

async function lives() {
  at('adapters')
  const [best] = await adapters()
  if (best === undefined) return {}
  at('the first life')
  const f = await forge(OPTIONS)
  const kernel = await f.kernel(blueprint.softmax({ shape: [32, 64] }))
  const first = await kernel.settled()
  const right = await kernel.run({ x })
  const kept = await f.upload(x, [32, 64])
  // Who answers at that moment: on a busy machine the next device may be told of in the same breath.
  let between
  f.on('deviceLost', () => {
    between ??= kernel.stats().answers
  })
  const [lost, attached] = [event(f, 'deviceLost'), event(f, 'attached')]
  at('the loss')
  new BroadcastChannel('lose').postMessage('now')
  const { reason } = await lost
  const meanwhile = await kernel.run({ x })
  at('another device')
  await attached
  const gone = await kept.read().then(
    () => 'read',
    (error) => error.code,
  )
  at('warm again')
  await kernel.warm()
  const again = kernel.stats()
  const after = await kernel.run({ x })
  const { onDevice } = await kernel.explain()
  await f.close()

  at('the second start')
  const g = await forge(OPTIONS)
  const { taken } = await event(g, 'library')
  at('what was learned')
  const known = await g.kernel(blueprint.softmax({ shape: [32, 64] }))
  const second = await known.settled()
  await g.close()
  at('without a library')
  const h = await forge({ ...OPTIONS, tier: 'fast', library: false })
  const alone = await (await h.kernel(blueprint.softmax({ shape: [32, 64] }))).settled()
  await h.close()
  const chained = await chain(at)
  return {
    adapter: best.name,
    first: [first.measured, first.answers],
    lost: [reason, between, gone],
    apart: [apart(right, meanwhile), apart(right, after)],
    again: [again.answers, again.measured, onDevice],
    second: [taken > 0, second.measured, second.answers, second.schedules.join() === first.schedules.join()],
    alone: alone.answers,
    chained,
  }
}

lives().then(
  (value) => {
    globalThis.result = { value }
  },
  (error) => {
    globalThis.result = { error: String(error?.stack ?? error) }
  },
)
