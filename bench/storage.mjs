// What stores cost: opening time and memory of the embedded one, entries per second, waiting of the event loop. [--json file] [--postgres url]
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

/** What the project promises; a bench that misses it ends with status 1. */
const OPEN_MS = 50
const OPEN_MB = 20
const OPENINGS = 15

const { values } = parseArgs({ options: { json: { type: 'string' }, postgres: { type: 'string' } } })
const folder = mkdtempSync(join(tmpdir(), 'homeostat-bench-storage-'))
const part = (name) => fileURLToPath(new URL(`./storage/${name}.mjs`, import.meta.url))
const run = (name, ...args) =>
  JSON.parse(execFileSync(process.execPath, ['--expose-gc', part(name), ...args], { encoding: 'utf8' }))
const middle = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]

/** What the database's package takes by itself, without Homeostat: how fast this machine is today. */
function reference(file) {
  const runs = Array.from({ length: OPENINGS }, () => run('reference', file))
  return { ms: middle(runs.map(({ ms }) => ms)), mb: middle(runs.map(({ mb }) => mb)) }
}

/** Each opening in a process of its own, whose imports count: a first one makes the file, the others find it. */
function opening(url) {
  const made = run('open', url)
  const found = Array.from({ length: OPENINGS }, () => run('open', url))
  const column = (key) => middle(found.map((one) => one[key]))
  return {
    makeMs: made.ms,
    ms: column('ms'),
    importMs: column('importMs'),
    mb: column('mb'),
    worstMs: Math.max(...found.map(({ ms }) => ms)),
  }
}

try {
  const result = { sqlite: opening(`sqlite:${join(folder, 'open.db')}`), libsql: reference(join(folder, 'open.db')) }
  const { ms, mb, importMs, makeMs, worstMs } = result.sqlite
  const verdict = (value, most) => {
    const met = value <= most
    if (!met) process.exitCode = 1
    return `${value.toFixed(1)} (at most ${most}: ${met ? 'met' : 'missed'})`
  }
  console.log(
    `SQLite, middle of ${OPENINGS} fresh processes: opened in ${verdict(ms, OPEN_MS)} ms and ${verdict(mb, OPEN_MB)} MB`,
  )
  console.log(
    `  of which importing homeostat/storage ${importMs.toFixed(1)} ms; making the file ${makeMs.toFixed(1)} ms; worst ${worstMs.toFixed(1)} ms`,
  )
  console.log(
    `  libsql alone, imported and opened: ${result.libsql.ms.toFixed(1)} ms, ${result.libsql.mb.toFixed(1)} MB`,
  )
  const urls = {
    sqlite: `sqlite:${join(folder, 'ingest.db')}`,
    ...(values.postgres ? { postgres: values.postgres } : {}),
  }
  for (const [name, url] of Object.entries(urls)) {
    const ingest = run('ingest', url)
    result[`${name} ingest`] = ingest
    console.log(
      `${name}, a journal of ${ingest.entries} entries: ${ingest.perSecond.toFixed(0)} entries/s, event loop held up ` +
        `${ingest.loopMs.p50.toFixed(1)} ms in the middle, ${ingest.loopMs.p99.toFixed(1)} ms at the 99th percentile, ${ingest.loopMs.max.toFixed(1)} ms at most`,
    )
  }
  if (values.json) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
