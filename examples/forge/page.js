// A matrix product goes from naive to tuned while an animation keeps its frames: compiling, proving and searching have a worker.
// `?size=256` sets the size, `?evaluations=12` how many schedules are measured, `?idle=5000` how many milliseconds of the animation alone
// come first, to compare with. What was found is in `globalThis.result`.
import { blueprint, forge } from 'homeostat/forge'
import { watchFrames } from './frames.js'
import { naiveMatmul } from './naive.js'

const wanted = new URLSearchParams(location.search)
const size = Number(wanted.get('size') ?? 512)
const evaluations = Number(wanted.get('evaluations') ?? 22)
const idleMs = Number(wanted.get('idle') ?? 0)
const byId = (id) => document.getElementById(id)
/** What is learned stays in the browser: on the next visit nothing is searched for. */
const LIBRARY = 'homeostat-forge-example'

const gflops = (ms) => (2 * size ** 3) / ms / 1e6
const rows = new Map()

function show(name, ms) {
  let row = rows.get(name)
  if (row === undefined) {
    row = document.createElement('li')
    row.innerHTML =
      '<span class="name"></span><span class="track"><span class="bar"></span></span><span class="figure"></span>'
    row.querySelector('.name').textContent = name
    byId('bars').append(row)
    rows.set(name, row)
  }
  row.dataset.gflops = String(gflops(ms))
  row.querySelector('.figure').textContent = `${gflops(ms).toFixed(1)} GFLOP/s`
  const most = Math.max(...[...rows.values()].map((one) => Number(one.dataset.gflops)))
  for (const one of rows.values())
    one.querySelector('.bar').style.width = `${(100 * Number(one.dataset.gflops)) / most}%`
}

function tell(text) {
  const line = document.createElement('li')
  line.textContent = text
  byId('log').prepend(line)
}

/** Milliseconds of a run, read-back included: the median of a few. */
async function median(run, times = 7) {
  await run()
  const took = []
  for (let i = 0; i < times; i++) {
    const start = performance.now()
    await run()
    took.push(performance.now() - start)
  }
  return took.sort((a, b) => a - b)[times >> 1]
}

const numbers = (count) => Float32Array.from({ length: count }, (_, i) => ((i * 7919) % 2003) / 1001 - 1)

async function main() {
  const frames = watchFrames(byId('animation'), ({ fps, longestMs }) => {
    byId('fps').textContent = fps.toFixed(0)
    byId('long').textContent = longestMs > 0 ? `${longestMs.toFixed(0)} ms` : 'none over 50 ms'
  })
  let idle
  if (idleMs > 0) {
    frames.restart()
    await new Promise((resolve) => setTimeout(resolve, idleMs))
    idle = frames.found()
  }
  const f = await forge({ evaluations, sampling: 0, library: LIBRARY })
  byId('who').textContent =
    `${size} x ${size} x ${size}, f32, on ${f.adapter?.name ?? `the processor (${f.trouble ?? 'no device'})`}`
  const [a, b] = [numbers(size * size), numbers(size * size)]
  const result = { size, adapter: f.adapter?.name, software: f.adapter?.software, idle }
  // Who compiles and searches: a worker, whose module the page itself has not loaded.
  const loaded = performance.getEntriesByType('resource').map(({ name }) => name)
  result.worker =
    loaded.some((name) => name.endsWith('/forge-worker.js')) && !loaded.some((name) => name.endsWith('.wasm'))

  const naive = await naiveMatmul(size)
  if (naive !== undefined) {
    byId('now').textContent = 'The naive kernel: one number of the result for each invocation.'
    result.naiveMs = await median(() => naive.run(a, b), 3)
    result.naive = await naive.run(a, b)
    naive.destroy()
    show('naive', result.naiveMs)
  }
  frames.restart()

  for (const type of [
    'compiling',
    'validated',
    'rejected',
    'promoted',
    'refused',
    'rolledBack',
    'deviceLost',
    'settled',
  ])
    f.on(type, ({ schedules, seconds, reason }) =>
      tell(
        [type, schedules.join('; '), seconds && `${(seconds * 1e3).toFixed(2)} ms`, reason].filter(Boolean).join(' · '),
      ),
    )
  let [measured, best] = [0, Number.POSITIVE_INFINITY]
  f.on('measured', ({ seconds, schedules }) => {
    byId('now').textContent = `Searching: ${++measured} schedules measured.`
    if (seconds === undefined) return
    tell(`measured · ${schedules.join('; ')} · ${(seconds * 1e3).toFixed(2)} ms`)
    best = Math.min(best, seconds)
    show('best found, without reading back', best * 1e3)
  })
  const kernel = await f.kernel(blueprint.matmul({ m: size, n: size, k: size }))
  byId('now').textContent = 'Compiling and proving the first kernel; the processor answers meanwhile.'
  const first = await kernel.run({ a, b })
  if (kernel.stats().answers === 'cpu') {
    result.processorMs = await median(() => kernel.run({ a, b }), 3)
    show('the processor, meanwhile', result.processorMs)
  }
  // Where the processor is as fast as the first kernel, it answers until the search found better.
  await kernel.warm()
  result.firstMs = await median(() => kernel.run({ a, b }))
  if (kernel.stats().answers === 'device') show('first kernel, by rule', result.firstMs)
  const stats = await kernel.settled()
  result.bestMs = Number.isFinite(best) ? best * 1e3 : undefined
  result.tunedMs = await median(() => kernel.run({ a, b }))
  show(stats.answers === 'device' ? 'tuned' : 'the processor: faster here than the device', result.tunedMs)
  const last = await kernel.run({ a, b })
  byId('now').textContent =
    `Done: ${stats.measured} schedules measured, ${stats.rejections} rejected. The bars are of whole runs, read-back included, unless they say otherwise.`
  Object.assign(result, { stats, frames: frames.stop() })
  // The answers are the same within the bounds of f32, whoever gave them.
  const far = (x, y) => x.reduce((most, v, i) => Math.max(most, Math.abs(v - y[i])), 0)
  result.apart = Math.max(far(first, last), result.naive === undefined ? 0 : far(result.naive, last))
  delete result.naive
  await f.close()
  return result
}

byId('again').addEventListener('click', () => {
  const gone = indexedDB.deleteDatabase(LIBRARY)
  gone.onsuccess = () => location.reload()
})

main().then(
  (value) => {
    byId('again').hidden = false
    globalThis.result = { value }
  },
  (error) => {
    byId('now').textContent = String(error)
    globalThis.result = { error: String(error?.stack ?? error) }
  },
)
