// Every case of the forge's correctness suite on WebGPU in Chromium against f64: 2,868 of them; --rounds 5, --from 0 --to 300, --json file
import { writeFileSync } from 'node:fs'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { setup } from '../scripts/lib/setup.mjs'
import { withLock } from '../scripts/lib/stamps.mjs'
import { runForgeSuite } from '../test/packaging/runtimes/webgpu.mjs'
import { buildSuite } from './forge/suite.mjs'

/** Cases that one page runs: what a browser keeps of thousands of pipelines is its own affair. */
const PAGE_CASES = 250
const PAGE_LIMIT_MS = 1_800_000
/** What the suite has to have at least, to count as one. */
const CASES_MIN = 2000

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    from: { type: 'string', default: '0' },
    to: { type: 'string' },
    json: { type: 'string' },
  },
})
const say = (line) => process.stdout.write(`${line}\n`)

function add(sum, { tallies, wrong, ran }) {
  sum.ran += ran
  sum.wrong.push(...wrong)
  for (const [name, tally] of Object.entries(tallies)) {
    sum.tallies[name] ??= { cases: 0, wrong: 0, worst: 0, promised: 0, elements: 0 }
    const own = sum.tallies[name]
    for (const key of ['cases', 'wrong', 'promised', 'elements']) own[key] += tally[key]
    own.worst = Math.max(own.worst, tally.worst)
  }
}

/** Whether every case is right, and there were enough of them. */
async function correctness() {
  const suite = await withLock(async () => buildSuite((await setup()).rust))
  const sum = { ran: 0, wrong: [], tallies: {} }
  const most = options.to === undefined ? Number.POSITIVE_INFINITY : Number(options.to)
  const start = Date.now()
  for (let [from, all] = [Number(options.from), Number.POSITIVE_INFINITY]; from < Math.min(all, most); ) {
    const to = Math.min(from + PAGE_CASES, most)
    const query = `rounds=${options.rounds}&from=${from}&to=${to}`
    const tell = (stage) => stage && process.stderr.isTTY && process.stderr.write(`\r\x1b[K${from} + ${stage}`)
    const found = await runForgeSuite(suite, query, { limitMs: PAGE_LIMIT_MS, tell })
    if (sum.ran === 0) say(`${found.adapter}, Chromium ${found.version}: ${found.all} cases`)
    add(sum, found)
    for (const one of found.wrong) say(`WRONG ${one}`)
    ;[from, all] = [to, found.all]
  }
  say(`${'family'.padEnd(18)}   cases   wrong   worst / bound   promised`)
  for (const [name, t] of Object.entries(sum.tallies)) {
    const share = `${((100 * t.promised) / t.elements).toFixed(1)} %`
    const cells = [String(t.cases).padStart(8), String(t.wrong).padStart(8), t.worst.toFixed(3).padStart(16)]
    say(`${name.padEnd(18)}${cells.join('')}${share.padStart(11)}`)
  }
  say(`${sum.ran} cases, ${sum.wrong.length} wrong, ${((Date.now() - start) / 1000).toFixed(0)} s`)
  const whole = options.to === undefined && Number(options.from) === 0
  if (whole && sum.ran < CASES_MIN) say(`too few: expected at least ${CASES_MIN}`)
  return { ...sum, right: sum.wrong.length === 0 && sum.ran > 0 && (!whole || sum.ran >= CASES_MIN) }
}

const found = await correctness()
if (options.json) writeFileSync(options.json, `${JSON.stringify(found, null, 2)}\n`)
process.exitCode = found.right ? 0 : 1
