// `npm run bench` lists the benches; `npm run bench -- <name> [options]` builds what is stale and runs one.
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { build } from './lib/build/index.mjs'
import { main, StepError } from './lib/errors.mjs'
import { at, filesBelow, ROOT } from './lib/paths.mjs'
import { say } from './lib/progress.mjs'
import { releaseSignals } from './lib/run.mjs'
import { setup } from './lib/setup.mjs'
import { withLock } from './lib/stamps.mjs'

/** What a bench says of itself in its first line, which is a comment. */
const purpose = (file) => /^\/\/[/!]?\s*(.*)$/m.exec(readFileSync(file, 'utf8').split('\n', 1)[0])?.[1] ?? ''

/** Benches in JavaScript are `bench/<name>.mjs`; those in Rust are the `benches` and `examples/bench-*` of the crates. */
function benches() {
  const found = new Map()
  for (const entry of existsSync(at('bench')) ? readdirSync(at('bench')) : []) {
    if (entry.endsWith('.mjs')) found.set(basename(entry, '.mjs'), { file: at('bench', entry) })
  }
  for (const file of filesBelow(['crates'], (path) => path.endsWith('.rs'))) {
    const parts = /crates[\\/]([^\\/]+)[\\/](benches|examples)[\\/]([^\\/]+)\.rs$/.exec(file)
    if (!parts || (parts[2] === 'examples' && !parts[3].startsWith('bench-'))) continue
    const name = parts[3].replace(/^bench-/, '')
    if (!found.has(name)) found.set(name, { file, crate: parts[1], kind: parts[2], target: parts[3] })
  }
  return found
}

function list(found) {
  say('usage: npm run bench -- <name> [--json file] [options of the bench]\n')
  const width = Math.max(...[...found.keys()].map((name) => name.length), 0)
  for (const [name, bench] of [...found].sort(([a], [b]) => (a < b ? -1 : 1)))
    say(`  ${name.padEnd(width)}  ${purpose(bench.file)}`)
}

function command(bench, args) {
  if (!bench.crate) return [process.execPath, ['--expose-gc', '--enable-source-maps', bench.file, ...args]]
  const target =
    bench.kind === 'benches'
      ? ['bench', '-p', bench.crate, '--bench', bench.target]
      : ['run', '--release', '-p', bench.crate, '--example', bench.target]
  return ['cargo', [...target, '--', ...args]]
}

await main(async () => {
  const [name, ...args] = process.argv.slice(2)
  const found = benches()
  if (!name || name === '--help') {
    list(found)
    return 0
  }
  const bench = found.get(name)
  if (!bench)
    throw new StepError(`there is no bench '${name}'`, { remedy: `one of: ${[...found.keys()].sort().join(', ')}` })
  const { rust } = await withLock(async () => {
    const ready = await setup()
    await build(ready)
    return ready
  })
  releaseSignals()
  const [program, words] = command(bench, args)
  const child = spawn(program, words, { cwd: ROOT, env: rust.env, stdio: 'inherit' })
  return new Promise((resolve, reject) =>
    child.on('error', reject).on('exit', (code, signal) => resolve(code ?? (signal ? 130 : 1))),
  )
})
