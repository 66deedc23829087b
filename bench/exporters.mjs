// CPU time per request of a service with every exporter on (registry, OpenTelemetry, journal in a store) against off, interleaved
//
// Both stand in one process, where the same compiled code answers: what the compiler and the memory of two processes happened to become
// differs by more than the exporters cost. They take turns of about ten milliseconds, so that what else the machine does hits both
// alike, and each does its own work in the background (windows, the journal's writes, a scrape) within its turns. The load comes from
// another process. Starts of the whole are repeated, since a process is still one draw.
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
/** Requests of each kind before anything is measured: the compiler has then seen what there is. */
const WARM_UP = 40_000
/** Of each kind in a pair. */
const TURNS = 64
const CONNECTIONS = 16
const SELF = fileURLToPath(import.meta.url)
const KINDS = ['off', 'on']

async function main() {
  const { pairs, starts, requests, json } = parse()
  const rounds = Math.ceil(pairs / starts)
  console.log(
    `${starts} starts, ${rounds} pairs of ${TURNS} turns of ${requests / TURNS} requests in each, a scrape and an export per pair. ${cpus()[0]?.model}`,
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
  const verdict = ratio > EXPECTED ? 'missed' : high > EXPECTED ? 'not shown: the interval is too wide' : 'met'
  console.log(
    `on against off: ${ratio.toFixed(4)} (95 % interval ${low.toFixed(4)} to ${high.toFixed(4)}; at most ${EXPECTED}: ${verdict})`,
  )
  if (json)
    writeFileSync(json, `${JSON.stringify({ pairs: rounds * starts, requests, cpuUs, ratio, low, high }, null, 2)}\n`)
  if (verdict !== 'met') process.exitCode = 1
}

/** One start, and its pairs; the order turns with every turn. */
async function measured({ folder, seed, rounds, requests }) {
  const service = await Service.start({ folder, seed })
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const found = { off: [], on: [] }
  try {
    for (let round = -Math.ceil(WARM_UP / requests); round < rounds; round++) {
      const used = await service.pair(agent, requests)
      if (round >= 0) for (const kind of KINDS) found[kind].push(used[kind] / requests)
    }
    await service.check(rounds)
  } finally {
    agent.destroy()
    await service.end()
  }
  return found
}

class Service {
  #child
  #port
  #count = 0

  static async start(options) {
    const service = new Service()
    const env = { ...process.env, HOMEOSTAT_BENCH_SERVICE: JSON.stringify(options) }
    service.#child = fork(SELF, { env })
    service.#child.once('exit', (code) => code && console.error(`a service ended with status ${code}`))
    service.#port = (await service.#answer()).port
    return service
  }

  /** So many requests to each, however long they take: other programs then cost time, and hardly processor time. @returns CPU microseconds */
  async pair(agent, requests) {
    const used = { off: 0, on: 0 }
    for (let turn = 0; turn < TURNS; turn++) {
      for (const kind of turn % 2 === 0 ? KINDS : [...KINDS].reverse()) {
        const before = await this.ask('begin', kind)
        await this.#load(agent, requests / TURNS)
        const after = await this.ask('end', kind, turn === TURNS - 1)
        used[kind] += after.cpuUs - before.cpuUs
      }
    }
    return used
  }

  async #load(agent, requests) {
    let left = requests
    const connection = async () => {
      while (left-- > 0) await request(agent, this.#port, `/item/${this.#count++}`)
    }
    await Promise.all(Array.from({ length: CONNECTIONS }, connection))
  }

  /** What is measured must have happened, and what is not must not. */
  async check(rounds) {
    for (const kind of KINDS) {
      const { windows, stored, failures, exported } = await this.ask('done', kind)
      const [on, off] = [stored >= 1 && exported >= 50, stored + exported === 0]
      if (windows < rounds || failures > 0 || !(kind === 'on' ? on : off))
        throw new Error(`not as it is meant: ${JSON.stringify({ kind, windows, stored, failures, exported })}`)
    }
  }

  ask(what, kind, scrape) {
    this.#child.send({ ask: what, kind, scrape })
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
    this.#child.send({ ask: 'close' })
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
      starts: { type: 'string', default: '4' },
      requests: { type: 'string', default: '16000' },
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
    requests: TURNS * Math.ceil(whole('requests', 1000, 1_000_000) / TURNS),
    json: values.json,
  }
}

if (process.env.HOMEOSTAT_BENCH_SERVICE !== undefined) await serve(JSON.parse(process.env.HOMEOSTAT_BENCH_SERVICE))
else await main()
