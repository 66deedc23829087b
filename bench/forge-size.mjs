// What a page loads of the forge, gzipped: its WebAssembly module (without a validator: WebGPU has one) and its scripts, at most 120 kB
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'

const { values: options } = parseArgs({
  options: { dist: { type: 'string', default: fileURLToPath(new URL('../dist/', import.meta.url)) } },
})
const BYTES_MAX = 120_000
const gzipped = (path) => gzipSync(readFileSync(path), { level: 9 }).length

/** Scripts of an entry, those that it imports included. One that is not there is an error, not zero bytes. */
function scripts(name, found = new Set()) {
  const path = join(options.dist, 'esm', name)
  if (found.has(path)) return found
  found.add(path)
  const text = readFileSync(path, 'utf8')
  for (const [, other] of text.matchAll(/(?:from|import)\s*\(?\s*["']\.\/([\w.-]+\.js)["']/g)) scripts(other, found)
  return found
}

const parts = {
  module: gzipped(join(options.dist, 'wasm', 'homeostat_forge_bg.wasm')),
  page: [...scripts('forge-browser.js')].reduce((sum, path) => sum + gzipped(path), 0),
  worker: [...scripts('forge-worker.js')].reduce((sum, path) => sum + gzipped(path), 0),
}
const total = Object.values(parts).reduce((a, b) => a + b, 0)
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`
for (const [name, bytes] of Object.entries(parts)) process.stdout.write(`${name.padEnd(8)} ${kilobytes(bytes)}\n`)
process.stdout.write(`all      ${kilobytes(total)}, wanted at most ${kilobytes(BYTES_MAX)}\n`)
process.exitCode = total <= BYTES_MAX ? 0 : 1
