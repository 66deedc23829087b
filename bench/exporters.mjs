// CPU time per request of a service with every exporter on (registry, OpenTelemetry, journal in a store) against off, interleaved
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { serve } from './exporters/service.mjs'
import { interval, mean } from './overhead/interval.mjs'

/** What the ratio is to stay below. */
const EXPECTED = 1.03
/** Requests of each service before anything is measured: its compiler has then seen what there is. */
const WARM_UP = 40_000
const CONNECTIONS = 16
const SELF = fileURLToPath(import.meta.url)
const KINDS = ['off', 'on']

async function main() {
  const { pairs, starts, requests, json } = parse()
  const rounds = Math.ceil(pairs / starts)
  console.log(
    `${starts} starts of two services, ${rounds} pairs of blocks of ${requests} requests in each, a scrape and an export per block. ${cpus()[0]?.model}`,
  )
  const cpuUs = { off: [], on: [] }
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-bench-'))
  try {
    for (let start = 0; start < starts; start++) {
      const found = await measured({ folder, seed: start + 1, rounds, requests })
      for (const kind of KINDS) cpuUs[kind].push(found[kind])
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  for (const kind of KINDS)
    console.log(`${kind.padEnd(4)}${mean(cpuUs[kind].flat()).toFixed(2).padStart(8)} us of CPU per request`)
  const { ratio, low, high } = interval(cpuUs.on, cpuUs.off)
  console.log(
    `on against off: ${ratio.toFixed(4)} (95 % interval ${low.toFixed(4)} to ${high.toFixed(4)}; expected at most ${EXPECTED})`,
  )
  if (json)
    writeFileSync(json, `${JSON.stringify({ pairs: rounds * starts, requests, cpuUs, ratio, low, high }, null, 2)}\n`)
  if (ratio > EXPECTED) process.exitCode = 1
}

/** One start of both services, and its pairs; the order turns with every pair. */
async function measured({ folder, seed, rounds, requests }) {
  const services = {}
  for (const kind of KINDS) services[kind] = await Service.start({ on: kind === 'on', folder, seed })
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const found = { off: [], on: [] }
  try {
    for (let round = -Math.ceil(WARM_UP / requests); round < rounds; round++) {
      const order = round % 2 === 0 ? KINDS : [...KINDS].reverse()
      for (const kind of order) {
        const used = await services[kind].block(agent, requests)
        if (round >= 0) found[kind].push(used)
      }
    }
    const { windows, written, failures, exported } = await services.on.ask('usage')
    // What is measured must have happened.
    if (windows < 1 || written < 1 || failures > 0 || exported < 50)
      throw new Error(`the exporters did not work: ${JSON.stringify({ windows, written, failures, exported })}`)
  } finally {
    agent.destroy()
    await Promise.all(KINDS.map((kind) => services[kind].end()))
  }
  return found
}

class Service {
  #child
  #port

  static async start(options) {
    const service = new Service()
    const env = { ...process.env, HOMEOSTAT_BENCH_SERVICE: JSON.stringify(options) }
    service.#child = fork(SELF, { env })
    service.#child.once('exit', (code) => code && console.error(`a service ended with status ${code}`))
    service.#port = (await service.#answer()).port
    return service
  }

  /** So many requests, however long they take: other programs then cost time, and hardly processor time. @returns CPU microseconds of each */
  async block(agent, requests) {
    const before = await this.ask('usage')
    let count = 0
    const connection = async () => {
      while (count < requests) await request(agent, this.#port, `/item/${count++}`)
    }
    await Promise.all(Array.from({ length: CONNECTIONS }, connection))
    const after = await this.ask('export')
    return (after.cpuUs - before.cpuUs) / requests
  }

  ask(what) {
    this.#child.send({ ask: what })
    return this.#answer()
  }

  async #answer() {
    const gone = new AbortController()
    const exit = once(this.#child, 'exit', { signal: gone.signal }).then(([code]) => {
      throw new Error(`a service ended with status ${code}`)
    })
    try {
      return (await Promise.race([once(this.#child, 'message', { signal: gone.signal }), exit]))[0]
    } finally {
      gone.abort()
      exit.catch(() => {})
    }
  }

  async end() {
    const ended = once(this.#child, 'exit')
    this.#child.send({ ask: 'end' })
    await ended
  }
}

function request(agent, port, path) {
  return new Promise((resolve, reject) => {
    get({ agent, port, path, host: '127.0.0.1' }, (response) => {
      response.on('end', resolve).on('error', reject).resume()
    }).on('error', reject)
  })
}

function parse() {
  const { values } = parseArgs({
    options: {
      pairs: { type: 'string', default: '100' },
      starts: { type: 'string', default: '10' },
      requests: { type: 'string', default: '8000' },
      json: { type: 'string' },
    },
  })
  const whole = (name, min, max) => {
    const value = Number(values[name])
    if (Number.isInteger(value) && value >= min && value <= max) return value
    console.error(`--${name} must be a whole number from ${min} to ${max}, received "${values[name]}"`)
    process.exit(2)
  }
  return {
    pairs: whole('pairs', 10, 10_000),
    starts: whole('starts', 1, 100),
    requests: whole('requests', 1000, 1_000_000),
    json: values.json,
  }
}

if (process.env.HOMEOSTAT_BENCH_SERVICE !== undefined) await serve(JSON.parse(process.env.HOMEOSTAT_BENCH_SERVICE))
else await main()
