// The forge in Node: event-loop delay while it searches, matmul against the usual 4x4 kernel, a second start with a warm library.
//   --only <row>    event-loop, matmul or warm; may be repeated
//   --size <n>      of the product; default 512
//   --json <file>   also writes the rows as JSON
// A software adapter takes as many cores as it is given: LP_NUM_THREADS=1 leaves one of two to the event loop.
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { adapters } from 'homeostat/forge'
import { eventLoop } from './forge-native/event-loop.mjs'
import { againstFixture } from './forge-native/fixture.mjs'
import { secondStart } from './forge-native/second-start.mjs'

const ROWS = {
  'event-loop': () => eventLoop(),
  matmul: (size) => againstFixture(size),
  warm: () => secondStart(256),
}

const { values } = parseArgs({
  options: { only: { type: 'string', multiple: true }, size: { type: 'string' }, json: { type: 'string' } },
})
const [best] = await adapters()
if (best === undefined) throw new Error('there is no adapter: nothing to measure')
process.stdout.write(`${best.name} (${best.driver})\n`)
const rows = {}
for (const [name, measure] of Object.entries(ROWS)) {
  if (values.only && !values.only.includes(name)) continue
  rows[name] = await measure(Number(values.size ?? 512))
  process.stdout.write(`${name} ${JSON.stringify(rows[name])}\n`)
  if (!rows[name].holds) process.exitCode = 1
}
if (values.json) writeFileSync(values.json, JSON.stringify({ adapter: best, rows }))
