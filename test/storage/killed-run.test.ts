/** A test run that is killed leaves no server behind. */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { expect, onTestFinished, test } from 'vitest'
import { thisProcess } from '../../ts/storage/node/holder.js'
import { folder, until } from '../support/folder.js'
import { findPostgres, sweep } from './support/postgres.js'
import { PROGRAMS } from './support/setup.js'
import { noPostgres } from './support/stores.js'

const lives = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    // A process that nobody has waited for yet is dead all the same.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM'
  }
}

test('its PostgreSQL ends with it, by SIGKILL too', async ({ skip }) => {
  if (noPostgres !== undefined) skip(noPostgres)
  const child = spawn(process.execPath, [join(PROGRAMS, 'cluster.mjs')], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let said = ''
  child.stdout.on('data', (text) => {
    said += String(text)
  })
  await until(() => said.endsWith('\n'))
  const place = said.trim()
  const server = Number(readFileSync(join(place, 'data', 'postmaster.pid'), 'utf8').split('\n')[0])
  expect(lives(server)).toBe(true)
  child.kill('SIGKILL')
  await until(() => !existsSync(place) && !lives(server))
})

test('what an earlier run left is removed, but not what is still used or is of another machine', ({ skip }) => {
  if (noPostgres !== undefined) skip(noPostgres)
  const { bin } = findPostgres() as { bin: string }
  const place = folder()
  const { id, place: here, pid, started } = thisProcess().holder
  const owners = {
    mine: { id: 'other', place: here, pid, started },
    gone: { id, place: here, pid: 2 ** 22 + 1, started: null },
    elsewhere: { id, place: 'another machine', pid: 2 ** 22 + 1, started: null },
  }
  for (const [name, owner] of Object.entries(owners)) {
    mkdirSync(join(place, `homeostat-postgres-${name}`))
    writeFileSync(join(place, `homeostat-postgres-${name}`, 'owner.json'), JSON.stringify(owner))
  }
  mkdirSync(join(place, 'homeostat-postgres-of-nobody'))
  expect(sweep(bin, place)).toEqual(['homeostat-postgres-gone'])
})
