// Sets up and builds what is missing, then runs the demonstration service with every argument passed through.
import { spawn } from 'node:child_process'
import { build } from './lib/build/index.mjs'
import { main } from './lib/errors.mjs'
import { at, ROOT } from './lib/paths.mjs'
import { releaseSignals } from './lib/run.mjs'
import { setup } from './lib/setup.mjs'
import { withLock } from './lib/stamps.mjs'

await main(async () => {
  await withLock(async () => build(await setup()))
  return runProgram(at('out', 'demo', 'main.js'), process.argv.slice(2))
})

/** The program owns the terminal; this process only hands signals on and waits, so that npm sees the program's own end. */
function runProgram(file, args) {
  releaseSignals()
  const child = spawn(process.execPath, ['--enable-source-maps', file, ...args], { cwd: ROOT, stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    // Ctrl-C in a terminal reaches the whole process group already: handing it on would be a second one.
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 143)))
  })
}
