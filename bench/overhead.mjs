// CPU time per request of the demonstration service, instrumented against bare, in interleaved blocks
import { fork } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { interval, mean } from './overhead/interval.mjs'

const MAIN = fileURLToPath(new URL('../out/demo/main.js', import.meta.url))
const CACHE = fileURLToPath(new URL('../.cache/demo', import.meta.url))
/** As the services' own warm-up; and about how long they take to open. */
const WARM_UP_ROUNDS = 12
const OPENING_MS = 10_000
/** What the ratio is expected to stay below. */
const EXPECTED = 1.02

const { pairs, starts, blockMs, requestsPerSecond, json } = parse()
const pairsOfStart = Math.ceil(pairs / starts)
const minutes = Math.ceil((starts * ((pairsOfStart + WARM_UP_ROUNDS) * 3 * blockMs + OPENING_MS)) / 60_000)
const load = requestsPerSecond === 0 ? 'closed loop' : `${requestsPerSecond} requests/s`
console.log(
  `${starts} starts of the services, ${pairsOfStart} rounds of three blocks of ${blockMs} ms in each, ${load}: about ${minutes} minutes. ${cpus()[0]?.model}`,
)
/** Per service, CPU microseconds per request: start by start, block by block. */
const cpuUs = new Map()
for (let start = 0; start < starts; start++) {
  for (const service of await measured()) {
    if (!cpuUs.has(service.name)) cpuUs.set(service.name, [])
    cpuUs.get(service.name).push(service.cpuUs)
  }
}
for (const [name, values] of cpuUs)
  console.log(`${name.padEnd(10)}${mean(values.flat()).toFixed(1).padStart(8)} us of CPU per request`)
const result = {
  pairs: pairsOfStart * starts,
  starts,
  blockMs,
  requestsPerSecond,
  services: [...cpuUs].map(([name, values]) => ({ name, cpuUs: values })),
  ratios: [
    ratio('tuner, against the same service with its sampling', 'tuned', 'sampling'),
    ratio('tuner and sampling, against the bare service', 'tuned', 'bare'),
    ratio('sampling alone, against the bare service', 'sampling', 'bare'),
  ],
}
if (json) writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`)

/** One start of the three services, and its rounds. */
async function measured() {
  const child = fork(MAIN, ['--role=overhead'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  child.send({
    template: `${CACHE}/catalog-1-20000.tar`,
    folder: `${CACHE}/journal`,
    pairs: pairsOfStart,
    blockMs,
    requestsPerSecond,
  })
  const { services } = await new Promise((resolve, reject) => {
    child.once('message', resolve)
    child.once('exit', (code) => reject(new Error(`the services ended with status ${code}`)))
  })
  return services
}

function ratio(what, over, under) {
  const found = { what, ...interval(cpuUs.get(over), cpuUs.get(under)) }
  const { ratio: value, low, high } = found
  console.log(
    `${what}: ${value.toFixed(4)} (95 % interval ${low.toFixed(4)} to ${high.toFixed(4)}; expected at most ${EXPECTED})`,
  )
  return found
}

function parse() {
  const { values } = parseArgs({
    options: {
      pairs: { type: 'string', default: '300' },
      starts: { type: 'string', default: '10' },
      'block-ms': { type: 'string', default: '250' },
      rate: { type: 'string', default: '0' },
      json: { type: 'string' },
    },
  })
  const whole = (name, min, max) => {
    const value = Number(values[name])
    if (!Number.isInteger(value) || value < min || value > max) {
      console.error(`--${name} must be a whole number from ${min} to ${max}, received "${values[name]}"`)
      process.exit(2)
    }
    return value
  }
  return {
    pairs: whole('pairs', 100, 10_000),
    starts: whole('starts', 1, 100),
    blockMs: whole('block-ms', 100, 60_000),
    requestsPerSecond: whole('rate', 0, 20_000),
    json: values.json,
  }
}
