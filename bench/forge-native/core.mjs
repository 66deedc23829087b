// Rows that the core's own example measures, without the façade: it fails where a target is missed, and says so in its last lines.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const EXAMPLE = [
  'run',
  '--release',
  '--quiet',
  '-p',
  'homeostat-forge',
  '--features',
  'device',
  '--example',
  'forge',
  '--',
]

/** Runs a command of the example; what it says goes on to the terminal. */
export function core(command, ...options) {
  return run([...EXAMPLE, command, ...options])
}

/** Runs a test of the crate that measures: it fails by itself. */
export function test(name, ...options) {
  return run(['test', '--release', '-p', 'homeostat-forge', ...options, '--test', name])
}

function run(words) {
  const start = performance.now()
  const child = spawn('cargo', words, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ])
    from.setEncoding('utf8').on('data', (text) => {
      said += text
      to.write(text)
    })
  return new Promise((resolve, reject) =>
    child.on('error', reject).on('close', (code) => {
      const targets = said.split('\n').filter((line) => /^(holds|missed): /.test(line))
      resolve({ seconds: (performance.now() - start) / 1000, targets, holds: code === 0 })
    }),
  )
}
