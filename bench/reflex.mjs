// Breakers, limits, events and queues against cockatiel, opossum, p-queue and bottleneck, in one process; --defects: which of nine known defects each has; --bytes: what is allocated
import { writeFileSync } from 'node:fs'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { bytes } from './reflex/bytes.mjs'
import { defects } from './reflex/defects.mjs'
import { measure } from './reflex/measure.mjs'
import { loadPeers } from './reflex/peers.mjs'
import { judge } from './reflex/targets.mjs'
import { backlogs, closedCalls, events, failures, permits, refusedCalls } from './reflex/tasks.mjs'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '40' },
    only: { type: 'string' },
    json: { type: 'string' },
    targets: { type: 'boolean', default: false },
    defects: { type: 'boolean', default: false },
    bytes: { type: 'boolean', default: false },
    // Where the build is, for one that is not in place yet.
    dist: { type: 'string', default: new URL('../dist/esm/', import.meta.url).href },
  },
})

const load = async (entry, target) => {
  const core = await import(`${options.dist}${entry}-node.js?${target}`)
  await core.ready()
  return core
}
process.env.HOMEOSTAT_BINDING = ''
const facade = { ...(await load('resilience', 'default')), ...(await load('flow', 'default')) }
if (options.bytes) {
  const rows = bytes(facade)
  for (const row of rows) process.stdout.write(`${row.name.padEnd(24)} ${row.bytes.toFixed(3)} bytes each\n`)
  if (options.json) writeFileSync(options.json, JSON.stringify(rows))
  process.exit(0)
}
const peers = await loadPeers()

if (options.defects) {
  const table = await defects(facade, peers)
  if (options.json) writeFileSync(options.json, `${JSON.stringify(table, null, 2)}\n`)
  process.exit(Object.values(table).some(({ homeostat }) => homeostat) ? 1 : 0)
}

/** The same façade over the native core: an entry of its own, since a binding is chosen once. */
process.env.HOMEOSTAT_BINDING = 'native'
const targets = { wasm: facade, native: await load('resilience', 'native') }
for (const [target, entry] of Object.entries(targets)) {
  const runs = entry.bindingKind()
  if (runs !== target) throw new Error(`expected the ${target} core, got ${runs}`)
}
process.env.HOMEOSTAT_BINDING = ''

const groups = {
  calls: () => closedCalls(facade, peers),
  refusals: () => refusedCalls(facade, peers),
  permits: () => permits(targets),
  failures: () => failures(facade, peers),
  events: () => events(facade),
  backlogs: () => backlogs(facade, peers),
}
const chosen = options.only === undefined ? Object.keys(groups) : options.only.split(',')
const found = {}
for (const name of chosen) {
  const tasks = groups[name]?.()
  if (tasks === undefined) throw new Error(`--only is one of ${Object.keys(groups).join(', ')}`)
  const times = await measure(tasks, Number(options.rounds))
  Object.assign(found, times)
  for (const [row, ns] of Object.entries(times))
    process.stdout.write(`${row.padEnd(58)} ${ns.toFixed(1).padStart(12)} ns\n`)
}
const rows = judge(found)
process.stdout.write('\n')
for (const { what, value, limit, met } of rows) {
  const [verdict, held] = Number.isFinite(limit)
    ? [met ? 'met   ' : 'MISSED', ` (at most ${limit.toFixed(3)})`]
    : ['told  ', '']
  process.stdout.write(`${verdict} ${what.padEnd(62)} ${value.toFixed(3)}${held}\n`)
}
if (options.json) writeFileSync(options.json, `${JSON.stringify({ ns: found, rows }, null, 2)}\n`)
process.exit(options.targets && rows.some(({ met }) => !met) ? 1 : 0)
