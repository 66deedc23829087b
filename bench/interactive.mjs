// Round trips of `homeostat interactive` driven by another process, against processes that only echo, in interleaved blocks
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const CLI = fileURLToPath(new URL('../dist/cli/homeostat.js', import.meta.url))
/** What the ratio to an echo process of the same runtime is expected to stay below. */
const EXPECTED = 5
/** What resident memory may grow by: per trial its record, twice, since a buffer that grows is copied; and what a collector leaves lying around. */
const BYTES_PER_TRIAL = 1000
const BYTES_ONCE = 32e6
const BLOCKS = 12
/** Waiting for the disk twice per trial takes its time: fewer trips tell it as well. */
const DURABLE_SHARE = 0.05

const { values: options } = parseArgs({
  options: {
    trips: { type: 'string', default: '120000' },
    knobs: { type: 'string', default: '5' },
    strategy: { type: 'string', default: 'auto' },
    json: { type: 'string' },
  },
})
const trips = Math.max(2 * BLOCKS, Number(options.trips) || 0)
const folder = mkdtempSync(join(tmpdir(), 'homeostat-bench-'))

/** One process that answers a line by a line. */
class Peer {
  constructor(name, program, args, share = 1) {
    this.name = name
    this.share = share
    this.child = spawn(program, args, { cwd: folder, stdio: ['pipe', 'pipe', 'pipe'] })
    this.sent = 0
    this.received = 0
    this.seconds = 0
    this.stray = ''
    this.open = ''
    this.answered = () => {}
    this.child.stdout.setEncoding('utf8').on('data', (text) => this.take(text))
    this.child.stderr.setEncoding('utf8').on('data', (text) => {
      this.stray += text
    })
  }

  take(text) {
    const lines = (this.open + text).split('\n')
    this.open = lines.pop()
    for (const line of lines) {
      this.received++
      this.answered(line)
    }
  }

  ask(line) {
    this.sent++
    return new Promise((resolve) => {
      this.answered = resolve
      this.child.stdin.write(line)
    })
  }

  /** Resident memory in bytes, where the system tells. */
  resident() {
    const file = `/proc/${this.child.pid}/status`
    return existsSync(file) ? 1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(file, 'utf8'))[1]) : Number.NaN
  }

  async close() {
    const ended = new Promise((resolve) => this.child.once('close', (status) => resolve(status)))
    this.child.stdin.end()
    const status = await ended
    if (status !== 0) throw new Error(`${this.name} ended with status ${status}: ${this.stray}`)
  }
}

const bounds = Object.fromEntries(
  Array.from({ length: Number(options.knobs) }, (_, i) => [`x${i}`, { min: -5, max: 5 }]),
)
writeFileSync(join(folder, 'c.json'), JSON.stringify({ seed: 1, bounds, strategy: options.strategy }))
const interactive = [CLI, 'interactive', '--config', 'c.json']
const ECHO = 'process.stdin.pipe(process.stdout)'
const peers = [
  new Peer('echo (node)', process.execPath, ['-e', ECHO]),
  ...(process.platform === 'win32' ? [] : [new Peer('echo (cat)', 'cat', [])]),
  new Peer('in memory', process.execPath, interactive),
  new Peer('in a file', process.execPath, [...interactive, '--state', 'plain.jsonl']),
  new Peer(
    'in a file, durable',
    process.execPath,
    [...interactive, '--state', 'durable.jsonl', '--durable'],
    DURABLE_SHARE,
  ),
]
console.log(
  `${trips} round trips each, ${options.knobs} knobs, strategy ${options.strategy}. ${cpus()[0]?.model}, Node ${process.version}`,
)

/** Sphere around 1, as a stranger to the solver would compute it. */
const evaluate = (params) => Object.values(params).reduce((sum, x) => sum + (x - 1) ** 2, 0)

async function block(peer, count) {
  const start = performance.now()
  for (let i = 0; i < count; i += 2) {
    const asked = await peer.ask('{"cmd":"ask"}\n')
    const [params] = peer.name.startsWith('echo') ? [{ x0: i }] : JSON.parse(asked).params
    const told = await peer.ask(`${JSON.stringify({ cmd: 'tell', results: [{ params, value: evaluate(params) }] })}\n`)
    if (!peer.name.startsWith('echo') && told !== '{"ok":true}') throw new Error(`${peer.name} answered ${told}`)
  }
  peer.seconds += (performance.now() - start) / 1000
}

for (const peer of peers) await block(peer, 1000)
for (const peer of peers) {
  peer.seconds = 0
  peer.before = peer.resident()
}
const perBlock = ({ share }) => 2 * Math.ceil((share * trips) / BLOCKS / 2)
for (let i = 0; i < BLOCKS; i++) for (const peer of peers) await block(peer, perBlock(peer))

const usOf = (peer) => (1e6 * peer.seconds) / (BLOCKS * perBlock(peer))
const [echo] = peers
let wrong = 0
const results = []
for (const peer of peers) {
  const grown = peer.resident() - peer.before
  await peer.close()
  const us = usOf(peer)
  const result = {
    name: peer.name,
    us_per_trip: us,
    ratio_to_echo: us / usOf(echo),
    sent: peer.sent,
    received: peer.received,
    stray_bytes: Buffer.byteLength(peer.stray) + Buffer.byteLength(peer.open),
    trials: (BLOCKS * perBlock(peer)) / 2,
    grown_bytes: grown,
  }
  results.push(result)
  console.log(
    `${peer.name.padEnd(20)}${us.toFixed(1).padStart(8)} us  ${result.ratio_to_echo.toFixed(2).padStart(6)} x echo  ${peer.sent} lines in, ${peer.received} out, ${result.stray_bytes} stray bytes, ${(grown / 1e6).toFixed(1)} MB more memory`,
  )
  if (peer.sent !== peer.received || result.stray_bytes > 0) wrong++
  if (grown > BYTES_ONCE + BYTES_PER_TRIAL * result.trials) wrong++
}
console.log(
  `expected: as many lines out as in, nothing stray, at most ${BYTES_ONCE / 1e6} MB and ${BYTES_PER_TRIAL} bytes per trial; without --durable at most ${EXPECTED} x echo`,
)
if (options.json) writeFileSync(options.json, `${JSON.stringify({ trips, results }, null, 2)}\n`)
rmSync(folder, { recursive: true, force: true })
// Counts decide; times are for people.
process.exitCode = wrong > 0 ? 1 : 0
