/** A library in a file: what a crash left in it, what others write into it, and that it does not grow for ever. */
import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { FileLibrary, forge, MemoryLibrary } from '../../ts/entries/forge/node.js'
import { openForge } from '../../ts/forge/forge.js'
import { standing } from '../../ts/forge/node/facts.js'
import { resolve } from '../../ts/forge/options.js'
import { folder } from '../support/folder.js'
import { Scripted } from './scripted.js'
import { refusal } from './support.js'

function line(fact: object): string {
  const json = JSON.stringify(fact)
  return `${createHash('sha256').update(json).digest('hex').slice(0, 8)} ${json}\n`
}
const blueprint = (n: number): string => n.toString(16).padStart(64, '0')
const kernel = (of: number, more: object = {}): string =>
  line({ v: 1, blueprint: blueprint(of), schedule: 'map', driver: 'd', kernel: 'promoted', seconds: 1e-5, ...more })
const textOf = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes)
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
  expect(textOf(await mine.load())).toBe(kernel(1))
  await mine.append(kernel(2))
  expect(await mine.grown()).toBeUndefined()
  await theirs.append(kernel(3))
  await mine.append(kernel(4))
  // Theirs lies between: what follows it is read with it.
  expect(textOf(await mine.grown())).toBe(kernel(3) + kernel(4))
  expect(await mine.grown()).toBeUndefined()
  // A line that is being written comes when it is whole.
  appendFileSync(mine.path, kernel(5).slice(0, 30))
  expect(await mine.grown()).toBeUndefined()
  appendFileSync(mine.path, kernel(5).slice(30))
  expect(textOf(await mine.grown())).toBe(kernel(5))
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
  const kept = textOf(await other.load())
  expect(kept.split('\n').filter((one) => one.includes('"seconds":60'))).toHaveLength(1)
  expect(kept).toContain(kernel(1, { kernel: 'quarantined' }))
  expect(kept).toContain(line({ v: 2, blueprint: blueprint(9) }))
  expect(kept).toContain(last)
  expect(kept.length).toBeLessThan(1000)
  expect(readdirSync(dirname(library.path))).toEqual(['kernels.jsonl'])
  // Who had the old one in hand reads all of the new one, once.
  expect(textOf(await library.grown())).toBe(kept)
  expect(await library.grown()).toBeUndefined()
  await library.append(kernel(3))
  expect(textOf(await other.grown())).toBe(kernel(3))
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
  const kept = textOf(await new FileLibrary(shared).load())
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

test('a file that another version wrote alone is refused with both versions, and stays as it is', async () => {
  const library = new FileLibrary(path())
  await library.append(kernel(1))
  const theirs = `${line({ v: 2, blueprint: blueprint(1) })}torn\n${line({ v: 3, blueprint: blueprint(2) })}`
  // As large as what would be written anew, and most of it said before.
  const text = theirs + line({ v: 2, blueprint: blueprint(3) }).repeat(20_000)
  writeFileSync(library.path, text)
  const refused = {
    code: 'HOMEOSTAT_LIBRARY_VERSION',
    option: 'library',
    message: expect.stringMatching(/library: .*kernels\.jsonl is of versions 2, 3: expected version 1/),
  }
  const other = new FileLibrary(library.path)
  await expect(other.append(kernel(2))).rejects.toMatchObject(refused)
  await expect(other.load()).rejects.toMatchObject(refused)
  await expect(forge({ device: 'cpu', library: library.path })).rejects.toMatchObject(refused)
  expect(readFileSync(library.path, 'utf8')).toBe(text)
  // Beside one line that this version knows they are passed over, and stay.
  writeFileSync(library.path, theirs + kernel(1))
  await other.append(kernel(2))
  expect(textOf(await other.load())).toBe(theirs + kernel(1) + kernel(2))
})

test('the library of a store is refused alike', async () => {
  const library = Object.assign(new MemoryLibrary(line({ v: 2, topic: 'model' })), { name: 'kernels' })
  const error = await refusal(() => forge({ device: 'cpu', library }))
  expect([error.code, error.received]).toEqual(['HOMEOSTAT_LIBRARY_VERSION', '2'])
  expect(error.message).toMatch(/'kernels' is of version 2: expected version 1/)
  expect(library.text).toBe(line({ v: 2, topic: 'model' }))
})

test('a file that is no library is not written to; what a crash left of one is', async () => {
  const library = new FileLibrary(path())
  await library.append(kernel(1))
  for (const text of ['{ "name": "somebody else’s" }', 'some words\nand more of them\n']) {
    writeFileSync(library.path, text)
    const other = new FileLibrary(library.path)
    for (const work of [() => other.load(), () => other.append(kernel(1))])
      await expect(work()).rejects.toMatchObject({ code: 'HOMEOSTAT_LIBRARY_DAMAGED', option: 'library' })
    expect(readFileSync(library.path, 'utf8')).toBe(text)
  }
  for (const left of [
    '',
    kernel(1).slice(0, 5),
    kernel(1).slice(0, 40),
    '\0'.repeat(300),
    `g${kernel(1).slice(1)}${kernel(2)}`,
  ]) {
    writeFileSync(library.path, left)
    await new FileLibrary(library.path).append(kernel(3))
    expect(readFileSync(library.path, 'utf8').endsWith(kernel(3))).toBe(true)
  }
})

test('a library of another version that nobody asked for is told of, and done without', async () => {
  const core = new Scripted()
  core.found = [0, 1, 1]
  const library = Object.assign(new MemoryLibrary(line({ v: 7, topic: 'model' })), { name: 'mine' })
  core.library = ['something learned']
  await using f = await openForge(core.binding, resolve({}), library, () => {}, true)
  const { error } = await new Promise<{ error: Error }>((resolved) => f.on('trouble', resolved))
  expect(error).toMatchObject({ code: 'HOMEOSTAT_LIBRARY_VERSION', option: 'library', received: '7' })
  await f.close()
  expect(library.text).toBe(line({ v: 7, topic: 'model' }))
  // Beside a line that is taken it is passed over.
  core.found = [1, 1, 1]
  await using g = await openForge(core.binding, resolve({}), library, () => {}, true)
  expect(await new Promise((resolved) => g.on('library', resolved))).toMatchObject({
    taken: 1,
    damaged: 1,
    otherVersion: 1,
  })
})
