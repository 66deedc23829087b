// What `npm test` does briefly, for long: `npm run soak [-- --rounds 500 --away 60]`. Stores are killed, and a database goes away.
import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'
import { build } from './lib/build/index.mjs'
import { main, StepError } from './lib/errors.mjs'
import { at, ROOT } from './lib/paths.mjs'
import { releaseSignals } from './lib/run.mjs'
import { setup } from './lib/setup.mjs'
import { setupServers } from './lib/setup-servers.mjs'
import { withLock } from './lib/stamps.mjs'

/** A whole number of an option, or what to write instead. */
function whole(name, text, max) {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= max) return String(value)
  throw new StepError(`--${name}: expected 1 to ${max}, got ${text}`, {
    remedy: 'npm run soak -- --rounds 500 --away 60',
  })
}

await main(async () => {
  const { values } = parseArgs({
    options: { rounds: { type: 'string', default: '500' }, away: { type: 'string', default: '60' } },
  })
  const rounds = whole('rounds', values.rounds, 1e6)
  const away = whole('away', values.away, 3600)
  await withLock(async () => {
    await build(await setup())
    await setupServers()
  })
  releaseSignals()
  const args = [at('node_modules/vitest/vitest.mjs'), 'run', '--project', 'storage', 'kill', 'away']
  const env = { ...process.env, HOMEOSTAT_SOAK_ROUNDS: rounds, HOMEOSTAT_SOAK_AWAY_S: away }
  const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: 'inherit' })
  return new Promise((resolve, reject) => child.on('error', reject).on('exit', (code) => resolve(code ?? 1)))
})
