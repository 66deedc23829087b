// A product of matrices in Chromium, read-back included, beside jax-js, tfjs-webgpu and onnxruntime-web in one page; --size 512, --rounds 7, --json file
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { serve } from '../examples/forge/serve.mjs'

import { resultOf } from '../test/packaging/runtimes/webgpu.mjs'

const at = (path) => fileURLToPath(new URL(path, import.meta.url))
const { values: options } = parseArgs({
  options: {
    size: { type: 'string', default: '512' },
    rounds: { type: 'string', default: '7' },
    json: { type: 'string' },
    // Where the build is, for one that is not in place yet.
    dist: { type: 'string', default: at('../dist/') },
  },
})
const FOLDER = at('../.cache/forge-bench/')

/** The peers are installed once under .cache, never into the project itself. */
function install() {
  const stamp = join(FOLDER, 'installed.json')
  const wanted = readFileSync(at('forge/package.json'), 'utf8')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  mkdirSync(FOLDER, { recursive: true })
  copyFileSync(at('forge/package.json'), join(FOLDER, 'package.json'))
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const words = ['install', '--silent', '--no-audit', '--no-fund', '--ignore-scripts']
  const done = spawnSync(npm, words, { cwd: FOLDER, stdio: 'inherit', shell: process.platform === 'win32' })
  if (done.status !== 0) throw new Error('the peers could not be installed; check the registry that npm uses')
  writeFileSync(stamp, wanted)
}

async function bundle() {
  const { rolldown } = await import(pathToFileURL(at('../node_modules/rolldown/dist/index.mjs')).href)
  copyFileSync(at('forge/peers-page.js'), join(FOLDER, 'peers-page.js'))
  const build = await rolldown({
    input: join(FOLDER, 'peers-page.js'),
    platform: 'browser',
    // Ours is served as it is packed: its worker and its module are files beside it.
    external: ['homeostat/forge'],
  })
  await build.write({ dir: join(FOLDER, 'page'), format: 'esm', codeSplitting: false })
  await build.close()
  const map = '{ "imports": { "homeostat/forge": "/package/dist/esm/forge-browser.js" } }'
  writeFileSync(
    join(FOLDER, 'page', 'index.html'),
    `<!doctype html><title>peers</title><script type="importmap">${map}</script><script type="module" src="peers-page.js"></script>`,
  )
}

/** Those that ours has to be faster than; what else is in the page may be missing where it does not run. */
const PEERS = ['jax-js', 'tfjs-webgpu']
/** How far from the product in f64 one of numbers between -1 and 1 may be, in any round: 1e-6 of the most that its terms add up to. */
const apartMax = (size) => 1e-6 * size

function missedBy(rows, size) {
  const { homeostat: ours } = rows
  if (ours.error !== undefined) return [`ours: ${ours.error}`]
  return Object.entries(rows).flatMap(([name, row]) => {
    if (row.error !== undefined) return PEERS.includes(name) ? [`${name} did not run: nothing to compare with`] : []
    const own = name.startsWith('homeostat')
    return [
      ...(own || row.gflops < ours.gflops ? [] : [`${name} is faster`]),
      // A wrong answer is nothing to be compared with, whoever gives it.
      ...(!(row.apart <= apartMax(size)) ? [`${name} is off by ${row.apart}`] : []),
    ]
  })
}

install()
await bundle()
const server = await serve(0, {
  '/package/dist/': options.dist,
  '/peers/': join(FOLDER, 'page'),
  '/ort/': join(FOLDER, 'node_modules', 'onnxruntime-web', 'dist'),
})
try {
  const url = `http://127.0.0.1:${server.address().port}/peers/?size=${options.size}&rounds=${options.rounds}`
  const found = await resultOf(url)
  for (const [name, row] of Object.entries(found.rows))
    process.stdout.write(
      `${name.padEnd(16)} ${row.error ?? `${row.gflops.toFixed(2)} GFLOP/s, ${row.median_ms.toFixed(1)} ms, apart ${row.apart.toExponential(1)}`}\n`,
    )
  if (options.json) writeFileSync(options.json, `${JSON.stringify(found, null, 2)}\n`)
  const missed = missedBy(found.rows, Number(options.size))
  for (const line of missed) process.stdout.write(`missed: ${line}\n`)
  process.exitCode = missed.length === 0 ? 0 : 1
} finally {
  server.close()
}
