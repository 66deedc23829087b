// What `npm test` does briefly, for long: stores are killed while they write, a database goes away, the interface is asked for
// everything. `npm run soak [-- --rounds 500 --away 60 --fuzz 60]`; 0 leaves a part out.
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { build } from './lib/build/index.mjs'
import { main, StepError } from './lib/errors.mjs'
import { at } from './lib/paths.mjs'
import { say, seconds, step } from './lib/progress.mjs'
import { must } from './lib/run.mjs'
import { setup } from './lib/setup.mjs'
import { setupServers } from './lib/setup-servers.mjs'
import { withLock } from './lib/stamps.mjs'

const USAGE = 'npm run soak -- --rounds 500 --away 60 --fuzz 60'
const LOOK_MS = 1000

/** A whole number of an option, or what to write instead. */
function whole(name, text, max) {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 0 && value <= max) return value
  throw new StepError(`--${name}: expected 0 to ${max}, got ${text}`, { remedy: USAGE })
}

/** The tests of a file, with more of what they do. Throws where one fails, or one was left out for want of what it needs. */
async function tests(project, file, env) {
  const args = [at('node_modules/vitest/vitest.mjs'), 'run', '--project', project, file]
  const { tail } = await must(process.execPath, args, {
    env: { ...process.env, ...env, NO_COLOR: '1' },
    log: 'soak',
    remedy: 'the whole output is in .cache/logs/soak.log',
  })
  const counts = tail.findLast((line) => /^\s*Tests\s/.test(line))?.trim() ?? ''
  if (!/ passed/.test(counts) || /skipped/.test(counts))
    throw new StepError(`${file}: not everything ran: ${counts}`, { remedy: 'the reasons are in .cache/logs/soak.log' })
  return counts
}

/** Every process that is to be killed adds a byte to a file. */
async function killed(rounds, note) {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-soak-'))
  const count = join(folder, 'rounds')
  writeFileSync(count, '')
  const timer = setInterval(() => note(`${statSync(count).size} of ${rounds} rounds`), LOOK_MS)
  try {
    const env = { HOMEOSTAT_SOAK_ROUNDS: String(rounds), HOMEOSTAT_SOAK_COUNT: count }
    const told = await tests('storage', 'test/storage/kill.test.ts', env)
    const { size } = statSync(count)
    if (size !== rounds) throw new StepError(`${size} processes were killed, not ${rounds}`)
    return `every persistent store, nothing lost; ${told}`
  } finally {
    clearInterval(timer)
    rmSync(folder, { recursive: true, force: true })
  }
}

await main(async () => {
  const options = Object.fromEntries(
    Object.entries({ rounds: '500', away: '60', fuzz: '60' }).map(([name, value]) => [
      name,
      { type: 'string', default: value },
    ]),
  )
  const { values } = parseArgs({ options })
  const rounds = whole('rounds', values.rounds, 1e6)
  const away = whole('away', values.away, 3600)
  const fuzz = whole('fuzz', values.fuzz, 500)
  const started = Date.now()
  await withLock(async () => {
    await build(await setup())
    await setupServers()
  })
  const done = []
  const part = async (title, body) => {
    await step(title, body)
    done.push(title)
  }
  if (rounds > 0) await part(`kill -9, ${rounds} rounds`, (note) => killed(rounds, note))
  if (away > 0)
    await part(`database away for ${away} s`, () =>
      tests('storage', 'test/storage/away.test.ts', { HOMEOSTAT_SOAK_AWAY_S: String(away) }),
    )
  if (fuzz > 0)
    await part(`interface fuzzed for ${fuzz} s`, () => {
      const env = { HOMEOSTAT_FUZZ_SECONDS: String(fuzz), HOMEOSTAT_FUZZ_EXAMPLES: '1000' }
      return tests('server', 'test/server/fuzz', env)
    })
  say(`✓ soak passed: ${done.join(', ')} (${seconds(Date.now() - started)})`)
})
