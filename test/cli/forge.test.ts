/** The forge's commands, as far as they need no device. */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { folder } from '../support/folder.js'
import { fails, homeostat, well } from './support/cli.js'
import { here } from './support/here.js'

const SHA = 'ab'.repeat(32)

/** A line of a library. */
function line(fact: object): string {
  const json = JSON.stringify(fact)
  return `${createHash('sha256').update(json).digest('hex').slice(0, 8)} ${json}\n`
}
const kernel = (more: object = {}): string =>
  line({ v: 1, blueprint: SHA, group: 0, schedule: 'map 1', driver: 'd', kernel: 'promoted', seconds: 1e-5, ...more })

it('has no operation that an object has by birth', async () => {
  for (const name of ['toString', 'constructor', 'hasOwnProperty'])
    expect(await fails(['forge', 'tune', name, '--cpu'], { status: 2, code: 'HOMEOSTAT_USAGE' })).toContain(
      `there is no operation '${name}'`,
    )
})

it('names the workload that bench does not have, beside one that it has', async () => {
  const message = await fails(['forge', 'bench', '--cpu', '--only', 'softmax,mathmul'], {
    status: 2,
    code: 'HOMEOSTAT_USAGE',
  })
  expect(message).toMatch(/matmul, conv2d.*got 'mathmul'/)
})

it('verify counts damaged lines and those of another version', async () => {
  const path = join(folder(), 'kernels.jsonl')
  const args = ['forge', 'library', 'verify', '--library', path]
  writeFileSync(path, kernel() + kernel({ kernel: 'quarantined' }))
  expect(JSON.parse(await well([...args, '--json']))).toEqual({ lines: 2, kernels: 1, damaged: 0, other_version: 0 })
  writeFileSync(path, kernel() + kernel({ v: 2 }))
  const other = await here([...args, '--json'])
  expect(other.status).toBe(4)
  expect(JSON.parse(other.out)).toEqual({ lines: 1, kernels: 1, damaged: 0, other_version: 1 })
  writeFileSync(path, kernel().replace('promoted', 'proMoted') + kernel())
  const damaged = await here(args)
  expect([damaged.status, damaged.out]).toEqual([4, expect.stringMatching(/^damaged .*1 damaged, 0 of another/)])
})

it('import ends a line that a crash tore, and takes no facts of another version', async () => {
  const [mine, theirs] = [join(folder(), 'mine.jsonl'), join(folder(), 'theirs.jsonl')]
  writeFileSync(mine, kernel() + kernel().slice(0, 40))
  writeFileSync(theirs, kernel({ schedule: 'map 2' }) + kernel({ v: 2 }))
  await well(['forge', 'library', 'import', theirs, '--library', mine])
  expect(readFileSync(mine, 'utf8')).toBe(`${kernel()}${kernel().slice(0, 40)}\n${kernel({ schedule: 'map 2' })}`)
})

it('tune waits for what the search finds, in a process that nothing else keeps alive', async () => {
  const path = join(folder(), 'kernels.jsonl')
  const args = ['--shape', '8x64', '--evaluations', '2', '--library', path, '--json']
  const { status, out, err } = await homeostat(['forge', 'tune', 'softmax', ...args])
  expect({ status, err }).toEqual({ status: 0, err: expect.any(String) })
  const found = JSON.parse(out)
  expect(found).toMatchObject({ operation: 'softmax', shape: [8, 64], library: path })
  expect(found.ms).toBeGreaterThan(0)
  if (found.adapter !== null) expect(found.measured).toBeGreaterThan(0)
})
