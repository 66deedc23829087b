// `homeostat interactive` driven by another process: time of a round trip against an echo process, stray output, memory, kill -9.
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const CLI = fileURLToPath(new URL('../../dist/cli/homeostat.js', import.meta.url))
/** Requests and answers in all; every second one is an ask, the others tell. */
const TRIPS = 120_000
/** The two processes take turns in blocks, so that what else runs on the machine falls on both. */
const BLOCK = 2000
/** A study keeps its trials: about this much of memory each; more is a leak. Bytes. */
export const GROWN_MOST = 1024
const KILLS = 10
const TOLD_BEFORE_KILL = 40

const ECHO = `process.stdin.on('data', (bytes) => process.stdout.write(bytes))`
const config = { seed: 5, bounds: Object.fromEntries(['a', 'b', 'c'].map((name) => [name, { min: -5, max: 5 }])) }

/** A child that answers one line with one line. */
class Talker {
  #waiting
  #rest = ''
  /** Bytes that nobody asked for, on either output. */
  stray = 0

  constructor(args) {
    this.child = spawn(process.execPath, args, { stdio: 'pipe' })
    this.ended = new Promise((resolve) => this.child.on('exit', resolve))
    this.child.stderr.on('data', (bytes) => {
      this.stray += bytes.length
    })
    this.child.stdin.on('error', () => {})
    this.child.stdout.setEncoding('latin1').on('data', (text) => this.#take(text))
  }

  #take(text) {
    const whole = this.#rest + text
    const end = whole.indexOf('\n')
    if (end < 0 || this.#waiting === undefined) {
      if (this.#waiting === undefined) this.stray += whole.length
      else this.#rest = whole
      return
    }
    this.#rest = ''
    this.stray += whole.length - end - 1
    const resolve = this.#waiting
    this.#waiting = undefined
    resolve(whole.slice(0, end))
  }

  say(line) {
    return new Promise((resolve) => {
      this.#waiting = resolve
      this.child.stdin.write(`${line}\n`)
    })
  }

  /** Resident memory in bytes. */
  memory() {
    return 1024 * Number(execFileSync('ps', ['-o', 'rss=', '-p', String(this.child.pid)], { encoding: 'utf8' }))
  }

  close() {
    this.child.stdin.end()
    return this.ended
  }
}

const ASK = '{"cmd":"ask"}'
const told = (params, value) => JSON.stringify({ cmd: 'tell', results: [{ params, value }] })
const bowl = (params) => Object.values(params).reduce((sum, x) => sum + (x - 1) ** 2, 0)

/** Asks and tells; every answer must be the one that is due. @returns seconds, without the driver's own work */
async function search(talker, trips) {
  let spent = 0
  for (let trip = 0; trip < trips; trip += 2) {
    const begin = performance.now()
    const asked = await talker.say(ASK)
    spent += performance.now() - begin
    const [params] = JSON.parse(asked).params ?? []
    if (params === undefined) throw new Error(`an ask was answered by ${asked}`)
    const line = told(params, bowl(params))
    const again = performance.now()
    const answer = await talker.say(line)
    spent += performance.now() - again
    if (answer !== '{"ok":true}') throw new Error(`a result was answered by ${answer}`)
  }
  return spent / 1e3
}

/** Lines as long as those that a study gets. */
async function echo(talker, trips) {
  const line = told({ a: -1.2345678901234567, b: 2.3456789012345678, c: 0.1234567890123456 }, 12.345678901234567)
  let spent = 0
  for (let trip = 0; trip < trips; trip++) {
    const text = trip % 2 === 0 ? ASK : line
    const begin = performance.now()
    const answer = await talker.say(text)
    spent += performance.now() - begin
    if (answer !== text) throw new Error('the echo process answers something else')
  }
  return spent / 1e3
}

async function roundTrips(folder) {
  const file = join(folder, 'config.json')
  writeFileSync(file, JSON.stringify(config))
  const [ours, plain] = [new Talker([CLI, 'interactive', '--config', file]), new Talker(['-e', ECHO])]
  await search(ours, BLOCK)
  await echo(plain, BLOCK)
  const spent = { ours: 0, echo: 0 }
  let half
  for (let trip = 0; trip < TRIPS; trip += BLOCK) {
    spent.ours += await search(ours, BLOCK)
    spent.echo += await echo(plain, BLOCK)
    if (trip + BLOCK === TRIPS / 2) half = ours.memory()
  }
  const grownBytesPerTrial = (ours.memory() - half) / (TRIPS / 4)
  const status = await ours.close()
  await plain.close()
  if (status !== 0) throw new Error(`homeostat interactive ended with status ${status}`)
  const us = (seconds) => (1e6 * seconds) / TRIPS
  return {
    trips: TRIPS,
    us: us(spent.ours),
    echoUs: us(spent.echo),
    ratio: spent.ours / spent.echo,
    stray: ours.stray,
    grownBytesPerTrial,
  }
}

/** Told results that are not in the file after the process was killed the moment it had acknowledged the last one. */
async function kills(folder) {
  const file = join(folder, 'config.json')
  const state = join(folder, 'study.jsonl')
  let acknowledged = 0
  let seconds = 0
  for (let kill = 0; kill < KILLS; kill++) {
    const talker = new Talker([CLI, 'interactive', '--config', file, '--state', state, '--durable'])
    seconds += await search(talker, 2 * TOLD_BEFORE_KILL)
    acknowledged += TOLD_BEFORE_KILL
    talker.child.kill('SIGKILL')
    await talker.ended
  }
  const kept = readFileSync(state, 'utf8')
    .split('\n')
    .filter((line) => line.includes('"tell"')).length
  return { acknowledged, lost: acknowledged - kept, durableUs: (1e6 * seconds) / (2 * acknowledged) }
}

export async function interactive() {
  const folder = mkdtempSync(join(tmpdir(), 'solver-interactive-'))
  try {
    const found = { ...(await roundTrips(folder)), ...(await kills(folder)), grownMost: GROWN_MOST }
    console.log(`\n\`homeostat interactive\`, ${TRIPS} round trips of one line each, in turns with an echo process`)
    console.log(
      `${found.us.toFixed(1)} us a round trip, echo ${found.echoUs.toFixed(1)} us; with --durable ${found.durableUs.toFixed(0)} us; ` +
        `${found.lost} of ${found.acknowledged} acknowledged results lost in ${KILLS} kills`,
    )
    return found
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
