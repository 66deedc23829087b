// Hostile bytes for every decoder, for as long as asked: `npm run fuzz -- --seconds 600` (default 60).
import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'
import { main, StepError } from './lib/errors.mjs'
import { ROOT } from './lib/paths.mjs'
import { releaseSignals } from './lib/run.mjs'
import { ensureRust } from './lib/rust/index.mjs'
import { withLock } from './lib/stamps.mjs'

await main(async () => {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } })
  const seconds = Number(values.seconds)
  if (!(seconds >= 1 && seconds <= 86_400))
    throw new StepError(`--seconds: expected 1 to 86400, got ${values.seconds}`, {
      remedy: 'npm run fuzz -- --seconds 60',
    })
  const rust = await withLock(ensureRust)
  releaseSignals()
  const child = spawn('cargo', ['test', '--release', '-p', 'homeostat-core', '--test', 'fuzz', '--', '--nocapture'], {
    cwd: ROOT,
    env: { ...rust.env, HOMEOSTAT_FUZZ_SECONDS: String(seconds) },
    stdio: 'inherit',
  })
  return new Promise((resolve, reject) => child.on('error', reject).on('exit', (code) => resolve(code ?? 1)))
})
