import { spawn } from 'node:child_process'
import { ROOT } from './paths.mjs'
import { releaseSignals } from './run.mjs'

/** The program owns the terminal; this process only hands signals on and waits, so that npm sees the program's own end. */
export function runProgram(file, args) {
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
