import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { apt } from './apt.mjs'
import { StepError } from './errors.mjs'
import { say, step } from './progress.mjs'
import { ask } from './run.mjs'

/** Where Debian keeps PostgreSQL's programs, a folder per major version. */
const DEBIAN = '/usr/lib/postgresql'

async function hasPostgres() {
  if (existsSync(DEBIAN) && readdirSync(DEBIAN).some((version) => existsSync(join(DEBIAN, version, 'bin', 'initdb')))) {
    return true
  }
  return (await ask('pg_config', ['--version'])) !== undefined
}

/**
 * The servers that stores are tested with. PostgreSQL comes from the system and is only installed, never started: tests start
 * one of their own. Where it cannot be installed, those tests are skipped and say so. What speaks S3 is an npm package.
 */
export async function setupServers(note) {
  if (process.platform !== 'linux' || (await hasPostgres())) return
  if (!(await apt.usable()) || !(await apt.candidate('postgresql'))) return
  try {
    // Within another step there is one line for both.
    if (note) await apt.install(['postgresql'], note)
    else await step('PostgreSQL from Debian', (line) => apt.install(['postgresql'], line))
  } catch (error) {
    if (!(error instanceof StepError)) throw error
    say(`  PostgreSQL cannot be installed: ${error.message}`)
  }
}
