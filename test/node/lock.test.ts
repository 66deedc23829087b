import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { nodeFs } from '../../ts/node/fs.js'
import { lockFolder } from '../../ts/node/lock.js'
import { folder } from '../support/folder.js'
import { cacheTuner } from '../support/tuners.js'

const FILE = '.homeostat.lock'

/** Another process, which only has to live. */
async function otherProcess() {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000); console.log("up")'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return child
}

test('a second process on the folder is refused while the first lives, and let in once it died', async () => {
  const path = folder()
  const child = await otherProcess()
  writeFileSync(join(path, FILE), JSON.stringify({ pid: child.pid, started: null, token: 'theirs' }))
  await expect(cacheTuner({ journal: path })).rejects.toMatchObject({
    code: 'HOMEOSTAT_JOURNAL_LOCKED',
    option: 'journal.folder',
  })
  expect(JSON.parse(readFileSync(join(path, FILE), 'utf8')).token).toBe('theirs')
  child.kill('SIGKILL')
  await once(child, 'exit')
  const { tuner } = await cacheTuner({ journal: path })
  expect(JSON.parse(readFileSync(join(path, FILE), 'utf8')).pid).toBe(process.pid)
  await tuner.close()
  expect(existsSync(join(path, FILE))).toBe(false)
})

test.skipIf(process.platform !== 'linux')(
  'a process id that went to another process does not hold the lock',
  async () => {
    const path = folder()
    const child = await otherProcess()
    writeFileSync(join(path, FILE), JSON.stringify({ pid: child.pid, started: 'another-boot:1', token: 'theirs' }))
    const unlock = await lockFolder(nodeFs, path, 'a')
    await unlock()
  },
)

test('tuners of one process share a folder, one per name', async () => {
  const path = folder()
  const a = await cacheTuner({ journal: path, name: 'a' })
  const b = await cacheTuner({ journal: path, name: 'b' })
  await expect(cacheTuner({ journal: path, name: 'a' })).rejects.toMatchObject({ code: 'HOMEOSTAT_JOURNAL_LOCKED' })
  await a.tuner.close()
  expect(existsSync(join(path, FILE))).toBe(true)
  await b.tuner.close()
  expect(readdirSync(path).sort()).toEqual(['a-1.jsonl', 'b-1.jsonl'])
})

test('a lock that its writer left empty is taken over', async () => {
  const path = folder()
  writeFileSync(join(path, FILE), '')
  const unlock = await lockFolder(nodeFs, path, 'a')
  await unlock()
})
