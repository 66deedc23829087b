/** A library in a file: what a crash left in it, what others write into it, and that it does not grow for ever. */
import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { FileLibrary } from '../../ts/entries/forge/node.js'
import { standing } from '../../ts/forge/node/facts.js'
import { folder } from '../support/folder.js'

function line(fact: object): string {
  const json = JSON.stringify(fact)
  return `${createHash('sha256').update(json).digest('hex').slice(0, 8)} ${json}\n`
}
const blueprint = (n: number): string => n.toString(16).padStart(64, '0')
const kernel = (of: number, more: object = {}): string =>
  line({ v: 1, blueprint: blueprint(of), schedule: 'map', driver: 'd', kernel: 'promoted', seconds: 1e-5, ...more })
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes)
const path = (): string => join(folder(), 'deeper', 'kernels.jsonl')

test('what a crash left in the middle of a line costs that line alone', async () => {
  const library = new FileLibrary(path())
  expect(await library.load()).toBeUndefined()
  await library.append(kernel(1))
  appendFileSync(library.path, kernel(2).slice(0, 30))
  await new FileLibrary(library.path).append(kernel(3))
  const kept = readFileSync(library.path, 'utf8').split('\n')
  expect([`${kept[0]}\n`, kept[1], `${kept[2]}\n`]).toEqual([kernel(1), kernel(2).slice(0, 30), kernel(3)])
})

test('what others append is seen once, what this process appended is not', async () => {
  const [mine, theirs] = [new FileLibrary(path()), new FileLibrary('')]
  Object.assign(theirs, { path: mine.path })
  await mine.append(kernel(1))
  expect(text(await mine.load())).toBe(kernel(1))
  await mine.append(kernel(2))
  expect(await mine.grown()).toBeUndefined()
  await theirs.append(kernel(3))
  await mine.append(kernel(4))
  // Theirs lies between: what follows it is read with it.
  expect(text(await mine.grown())).toBe(kernel(3) + kernel(4))
  expect(await mine.grown()).toBeUndefined()
  // A line that is being written comes when it is whole.
  appendFileSync(mine.path, kernel(5).slice(0, 30))
  expect(await mine.grown()).toBeUndefined()
  appendFileSync(mine.path, kernel(5).slice(30))
  expect(text(await mine.grown())).toBe(kernel(5))
})

test('a file that grew by facts that later ones replaced is written anew', async () => {
  const library = new FileLibrary(path())
  const other = new FileLibrary(library.path)
  await library.append(kernel(1, { kernel: 'quarantined' }) + line({ v: 2, blueprint: blueprint(9) }))
  let last = ''
  for (let i = 0; i < 60; i++) {
    last = kernel(2, { seconds: i + 1 })
    await library.append(Array.from({ length: 100 }, (_, j) => kernel(2, { seconds: i + j / 1000 })).join('') + last)
  }
  await library.append(kernel(1))
  expect(statSync(library.path).size).toBeLessThan(1.2e6)
  // However large the file was, a process that opens it brings it down to what it says.
  writeFileSync(library.path, readFileSync(library.path, 'utf8') + last.repeat(8000))
  const kept = text(await other.load())
  expect(kept.split('\n').filter((one) => one.includes('"seconds":60'))).toHaveLength(1)
  expect(kept).toContain(kernel(1, { kernel: 'quarantined' }))
  expect(kept).toContain(line({ v: 2, blueprint: blueprint(9) }))
  expect(kept).toContain(last)
  expect(kept.length).toBeLessThan(1000)
  expect(readdirSync(dirname(library.path))).toEqual(['kernels.jsonl'])
  // Who had the old one in hand reads all of the new one, once.
  expect(text(await library.grown())).toBe(kept)
  expect(await library.grown()).toBeUndefined()
  await library.append(kernel(3))
  expect(text(await other.grown())).toBe(kernel(3))
})

test('two processes that write and compact at once lose nothing', async () => {
  const shared = path()
  const all = Array.from({ length: 2 }, () => new FileLibrary(shared))
  const filler = kernel(0).repeat(1500)
  await Promise.all(
    all.map(async (library, who) => {
      for (let i = 0; i < 12; i++) await library.append(filler + kernel(1 + who * 100 + i))
    }),
  )
  const kept = text(await new FileLibrary(shared).load())
  for (const who of [0, 1]) for (let i = 0; i < 12; i++) expect(kept.includes(kernel(1 + who * 100 + i))).toBe(true)
  expect(kept.length).toBeLessThan(2.2e6)
})

test('a lock that a crash left is taken away, a fresh one is respected', async () => {
  const library = new FileLibrary(path())
  await library.append(kernel(1))
  const lock = `${library.path}.lock`
  writeFileSync(lock, '')
  await library.append(kernel(1).repeat(8000))
  expect(statSync(library.path).size).toBeGreaterThan(1e6)
  utimesSync(lock, new Date(0), new Date(0))
  await library.append(kernel(1).repeat(8000))
  expect(statSync(library.path).size).toBeLessThan(1000)
  expect(existsSync(lock)).toBe(false)
})

test('of facts about one kernel the last one stands, but quarantine stays', async () => {
  const said = [
    kernel(1),
    kernel(2),
    kernel(1, { seconds: 2 }),
    'torn\n',
    kernel(2, { kernel: 'quarantined' }),
    kernel(2),
  ]
  expect(await standing(said.join(''))).toBe(kernel(1, { seconds: 2 }) + kernel(2, { kernel: 'quarantined' }))
})

test('a file that cannot be read or written is an error with its path', async () => {
  const library = new FileLibrary(folder())
  for (const work of [() => library.load(), () => library.append(kernel(1)), () => library.grown()])
    await expect(work()).rejects.toMatchObject({ code: 'HOMEOSTAT_FILE', option: 'library' })
})
