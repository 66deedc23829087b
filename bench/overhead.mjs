// CPU time per request of the demonstration service, instrumented against bare, in interleaved blocks
import { fork } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { interval, mean } from './overhead/interval.mjs'

const MAIN = fileURLToPath(new URL('../out/demo/main.js', import.meta.url))
const CACHE = fileURLToPath(new URL('../.cache/demo', import.meta.url))
/** What the ratio is expected to stay below. */
const EXPECTED = 1.02

const { pairs, blockMs, requestsPerSecond, json } = parse()
const rounds = pairs + 6
console.log(
  `${pairs} rounds of three blocks of ${blockMs} ms, ${requestsPerSecond === 0 ? 'closed loop' : `${requestsPerSecond} requests/s`}: about ${Math.ceil((rounds * 3 * blockMs) / 60_000)} minutes. ${cpus()[0]?.model}`,
)
const child = fork(MAIN, ['--role=overhead'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
child.send({ template: `${CACHE}/catalog-1-20000.tar`, folder: `${CACHE}/journal`, pairs, blockMs, requestsPerSecond })
const { services } = await new Promise((resolve, reject) => {
  child.once('message', resolve)
  child.once('exit', (code) => reject(new Error(`the services ended with status ${code}`)))
})
const of = (name) => services.find((service) => service.name === name).cpuUs

for (const { name, cpuUs } of services)
  console.log(`${name.padEnd(10)}${mean(cpuUs).toFixed(1).padStart(8)} us of CPU per request`)
const result = {
  pairs,
  blockMs,
  requestsPerSecond,
  services,
  ratios: [
    ratio('tuner, against the same service with its sampling', 'tuned', 'sampling'),
    ratio('tuner and sampling, against the bare service', 'tuned', 'bare'),
    ratio('sampling alone, against the bare service', 'sampling', 'bare'),
  ],
}
if (json) writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`)

function ratio(what, over, under) {
  const found = { what, ...interval(of(over), of(under)) }
  const { ratio: value, low, high } = found
  console.log(
    `${what}: ${value.toFixed(4)} (95 % interval ${low.toFixed(4)} to ${high.toFixed(4)}; expected at most ${EXPECTED})`,
  )
  return found
}

function parse() {
  const { values } = parseArgs({
    options: {
      pairs: { type: 'string', default: '200' },
      'block-ms': { type: 'string', default: '400' },
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
    blockMs: whole('block-ms', 100, 60_000),
    requestsPerSecond: whole('rate', 0, 20_000),
    json: values.json,
  }
}
