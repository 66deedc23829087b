import { existsSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { until } from '../support/folder.js'
import { cacheTuner, window } from '../support/tuners.js'

/** Threads cannot run TypeScript: they load what `npm run build` made of it. */
const built = new URL('../../dist/esm/node.js', import.meta.url)

/** Runs `body` in a thread that is attached; resolves to its last message. `onMessage` sees each; `shared` is what the thread gets too. */
function thread(
  handle: unknown,
  body: string,
  onMessage?: (message: unknown) => void,
  shared?: Int32Array,
): Promise<unknown> {
  if (!existsSync(built)) throw new Error(`${built.pathname} is missing: npm run build`)
  const source = `
    const { workerData, parentPort } = require('node:worker_threads')
    import(${JSON.stringify(built.href)}).then(async ({ attach }) => {
      const { handle, shared } = workerData
      const tuner = attach(handle)
      ${body}
    }).catch((error) => parentPort.postMessage({ error: String(error), code: error.code }))
  `
  const worker = new Worker(source, { eval: true, workerData: { handle, shared } })
  return new Promise((resolve, reject) => {
    let answer: unknown
    worker.on('message', (message) => {
      answer = message
      onMessage?.(message)
    })
    worker.once('error', reject)
    worker.once('exit', () => resolve(answer))
  })
}

test('four threads report into one tuner without messages; every sample arrives or is counted', async () => {
  const { tuner } = await cacheTuner({ ring: 1024 })
  const each = 20_000
  const ticks = new Int32Array(new SharedArrayBuffer(4))
  // In its first half a thread leaves the owner the time to take what it reported, in its second it does not.
  const body = `
    let value = 0
    for (let i = 0; i < ${each}; i++) {
      tuner.signals.latency(i % 100)
      if (i % 500 === 499) {
        const seen = Atomics.load(shared, 0)
        if (i < ${each / 2}) while (Atomics.load(shared, 0) < seen + 2) Atomics.wait(shared, 0, seen, 100)
        else await new Promise((resolve) => setTimeout(resolve, 1))
      }
      value += tuner.knobs.ttl
    }
    parentPort.postMessage(value / ${each})
    tuner.detach()
  `
  const threads = Promise.all([1, 2, 3, 4].map(() => thread(tuner.handle, body, undefined, ticks)))
  let done = false
  void threads.finally(() => {
    done = true
  })
  await until(() => {
    tuner.tick()
    Atomics.add(ticks, 0, 1)
    Atomics.notify(ticks, 0)
    return done
  })
  tuner.tick()
  expect(await threads).toEqual([300_000, 300_000, 300_000, 300_000])
  const { samples, samplesDropped } = tuner.counters()
  expect(samples + samplesDropped).toBe(4 * each)
  expect(samples).toBeGreaterThanOrEqual((4 * each) / 2)
  await tuner.close()
})

test('a thread sees the owner’s changes, and gives its lane back when it ends without a word', async () => {
  const { tuner, clock } = await cacheTuner({ lanes: 2 })
  const body = `
    const start = tuner.generation
    parentPort.postMessage(0)
    while (tuner.generation === start) await new Promise((resolve) => setTimeout(resolve, 1))
    parentPort.postMessage(tuner.snapshot())
  `
  for (const concurrency of [35, 33]) {
    let started = false
    const seen = thread(tuner.handle, body, () => {
      started = true
    })
    await until(() => started)
    for (let i = 0; i < 10; i++) clock.advance(1000)
    expect(tuner.propose({ concurrency })).toEqual({ ok: true })
    expect(await seen).toEqual(tuner.snapshot())
  }
  window(tuner, clock)
  await tuner.close()
})

test('as many threads as lanes, and a code for the next', async () => {
  const { tuner } = await cacheTuner({ lanes: 1 })
  expect(await thread(tuner.handle, 'parentPort.postMessage(1)')).toMatchObject({ code: 'HOMEOSTAT_NO_LANE' })
  await tuner.close()
})

test('a worker that was terminated gives its lane back through whoever saw it end', async () => {
  const { tuner } = await cacheTuner({ lanes: 2 })
  const source = `
    const { workerData, parentPort } = require('node:worker_threads')
    import(${JSON.stringify(built.href)}).then(({ attach }) => {
      try {
        attach(workerData).signals.queries()
        parentPort.postMessage('attached')
      } catch (error) {
        parentPort.postMessage(error.code)
      }
      setInterval(() => {}, 1000)
    })
  `
  const terminated = async (handle: typeof tuner.handle) => {
    const worker = new Worker(source, { eval: true, workerData: handle })
    const answer = await new Promise((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
    })
    await worker.terminate()
    return answer
  }
  const first = tuner.workerHandle()
  const second = tuner.workerHandle()
  expect(await terminated(first)).toBe('attached')
  expect(await terminated(second)).toBe('HOMEOSTAT_NO_LANE')
  expect(tuner.release(second)).toBe(0)
  expect(tuner.release(first)).toBe(1)
  expect(await terminated(second)).toBe('attached')
  expect(tuner.release(second)).toBe(1)
  tuner.tick()
  expect(tuner.counters().samples).toBe(2)
  const other = await cacheTuner({ name: 'other' })
  for (const handle of [tuner.handle, { ...first, worker: 99 }, other.tuner.workerHandle()]) {
    expect(() => tuner.release(handle as typeof first)).toThrow(
      expect.objectContaining({ code: 'HOMEOSTAT_INVALID_HANDLE' }),
    )
  }
  await other.tuner.close()
  await tuner.close()
})
