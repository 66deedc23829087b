// The forge in Node and its core: every target that needs a device, each a row that fails where it is missed.
//   --only <row>    event-loop, matmul, warm, swap, search; and what takes long: memory, correctness,
//                   correctness-cpu, faults; may be repeated
//   --all           the long ones too
//   --size <n>      of the product; default 512
//   --json <file>   also writes the rows as JSON
// A software adapter takes as many cores as it is given: LP_NUM_THREADS=1 leaves one of two to the event loop.
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { adapters } from 'homeostat/forge'
import { core, test } from './forge-native/core.mjs'
import { eventLoop } from './forge-native/event-loop.mjs'
import { againstFixture } from './forge-native/fixture.mjs'
import { secondStart } from './forge-native/second-start.mjs'

const ROWS = {
  'event-loop': () => eventLoop(),
  matmul: (size) => againstFixture(size),
  warm: () => secondStart(256),
  swap: () => core('swap', '--runs', '10000'),
  search: () => core('replay'),
}
/** Minutes each. */
const LONG = {
  memory: () => core('memory', '--kernels', '10000', '--seconds', '1200'),
  correctness: () => core('correctness', '--rounds', '2'),
  'correctness-cpu': () => core('correctness', '--backend', 'cpu', '--rounds', '2'),
  faults: () => test('faults', '--features', 'host'),
}

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    all: { type: 'boolean' },
    size: { type: 'string' },
    json: { type: 'string' },
  },
})
const every = { ...ROWS, ...LONG }
const chosen = values.only ?? Object.keys(values.all ? every : ROWS)
const unknown = chosen.find((name) => !Object.hasOwn(every, name))
if (unknown !== undefined) throw new Error(`--only ${unknown}: expected some of ${Object.keys(every).join(', ')}`)
const [best] = await adapters()
if (best === undefined) throw new Error('there is no adapter: nothing to measure')
process.stdout.write(`${best.name} (${best.driver})\n`)
const rows = {}
for (const name of chosen) {
  rows[name] = await every[name](Number(values.size ?? 512))
  process.stdout.write(`${rows[name].holds ? 'holds' : 'MISSED'} ${name} ${JSON.stringify(rows[name])}\n`)
  if (!rows[name].holds) process.exitCode = 1
}
if (values.json) writeFileSync(values.json, JSON.stringify({ adapter: best, rows }))
