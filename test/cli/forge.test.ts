/** The forge's commands: on the processor, and on a device where there is one. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { adapters, blueprint, forge } from '../../ts/entries/forge/node.js'
import { folder } from '../support/folder.js'
import { fails, homeostat, well } from './support/cli.js'
import { here } from './support/here.js'
import { hasTerminals, onTerminal, screen } from './support/terminal.js'

const SHA = 'ab'.repeat(32)

/** A line of a library. */
function line(fact: object): string {
  const json = JSON.stringify(fact)
  return `${createHash('sha256').update(json).digest('hex').slice(0, 8)} ${json}\n`
}
const kernel = (more: object = {}): string =>
  line({
    ...{
      v: 1,
      blueprint: SHA,
      group: 0,
      schedule: 'map 1',
      bucket: 3,
      dtype: 'f32',
      backend: 'vulkan',
      vendor: 1,
      device: 2,
    },
    ...{
      driver: 'd',
      compiler: '0.1.0',
      kernel: 'promoted',
      seconds: 1e-5,
      extra_bytes: 0,
      error: 0.1,
      portable: true,
    },
    ...more,
  })

function library(...lines: string[]): string {
  const path = join(folder(), 'kernels.jsonl')
  writeFileSync(path, lines.join(''))
  return path
}

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
  expect([damaged.status, damaged.out]).toEqual([
    4,
    expect.stringMatching(/^damaged {2}1 sound line, .*1 damaged, 0 of another/),
  ])
})

it('import ends a line that a crash tore, and takes no facts of another version', async () => {
  const [mine, theirs] = [join(folder(), 'mine.jsonl'), join(folder(), 'theirs.jsonl')]
  writeFileSync(mine, kernel() + kernel().slice(0, 40))
  writeFileSync(theirs, kernel({ schedule: 'map 2' }) + kernel({ v: 2 }))
  await well(['forge', 'library', 'import', theirs, '--library', mine])
  expect(readFileSync(mine, 'utf8')).toBe(`${kernel()}${kernel().slice(0, 40)}\n${kernel({ schedule: 'map 2' })}`)
})

it('adapters lists what the forge can open, as a table and as JSON', async () => {
  const all = await adapters()
  expect(JSON.parse(await well(['forge', 'adapters', '--json']))).toEqual({ adapters: all })
  const { status, out, err } = await here(['forge', 'adapters'])
  expect(status).toBe(0)
  if (all.length === 0) return expect([out, err]).toEqual(['', 'there is no adapter: the processor answers\n'])
  const rows = out.trimEnd().split('\n')
  expect(rows[0]).toMatch(/^name +by +kind +driver$/)
  expect(rows.slice(1).map((row) => all.findIndex(({ name }) => row.startsWith(name)))).toEqual(all.map((_, i) => i))
})

it('tune on the processor says what it takes, and that nothing was searched for', async () => {
  const path = join(folder(), 'kernels.jsonl')
  const args = ['forge', 'tune', 'matmul', '--shape', '8x6x4', '--cpu', '--library', path]
  const found = JSON.parse(await well([...args, '--json']))
  expect(found).toMatchObject({ operation: 'matmul', shape: [8, 6, 4], adapter: null, measured: 0, answers: 'cpu' })
  expect(found.ms).toBeGreaterThan(0)
  expect(found.gflops).toBeCloseTo((2 * 8 * 6 * 4) / found.ms / 1e6, 9)
  const { status, out, err } = await here(args)
  expect({ status, out }).toEqual({
    status: 0,
    out: expect.stringMatching(/^matmul 8x6x4 on the processor\n {2}processor {2}.* ms, .* GFLOP\/s\n$/),
  })
  expect(err).toContain('nothing was searched for')
  // Whoever looks for what was learned finds that there is nothing.
  expect(JSON.parse(await well(['forge', 'library', 'ls', '--library', path, '--json']))).toEqual({ kernels: [] })
})

it.each([
  [['tune'], 2, 'HOMEOSTAT_USAGE', /missing required argument 'operation'/],
  [['tune', 'mathmul'], 2, 'HOMEOSTAT_USAGE', /no operation 'mathmul': choose one of matmul, conv2d/],
  [['tune', 'matmul', '--shape', '8x8'], 2, 'HOMEOSTAT_USAGE', /--shape 8x8: expected mxnxk, such as 512x512x512/],
  [['tune', 'matmul', '--shape', '8x0x8'], 2, 'HOMEOSTAT_USAGE', /--shape 8x0x8/],
  [['tune', 'matmul', '--shape', '1e2x8x8'], 2, 'HOMEOSTAT_USAGE', /--shape 1e2x8x8/],
  [['tune', 'softmax', '--shape', '4 x4'], 2, 'HOMEOSTAT_USAGE', /expected rowsxcolumns/],
  [['tune', 'softmax', '--cpu', '--shape', '99999999999x4'], 2, 'HOMEOSTAT_BLUEPRINT_INVALID', /99999999999/],
  [['tune', 'matmul', '--cpu', '--shape', '60000x60000x2'], 2, 'HOMEOSTAT_BLUEPRINT_INVALID', /60000, 60000/],
  [['tune', 'matmul', '--cpu', '--shape', '30000x20000x9'], 1, 'HOMEOSTAT_DEVICE_MEMORY', /memoryMax/],
  [['tune', 'matmul', '--evaluations', '0'], 2, 'HOMEOSTAT_USAGE', /from 1 to 10000/],
  [['tune', 'matmul', '--cpu', '--gpu'], 2, 'HOMEOSTAT_USAGE', /cannot be used with/],
  [['tune', 'softmax', '--adapter', 'no such one'], 1, 'HOMEOSTAT_NO_ADAPTER', /'no such one'/],
  [['bench', '--only', ','], 2, 'HOMEOSTAT_USAGE', /expected some of matmul/],
  [['library', 'show', 'xyz'], 2, 'HOMEOSTAT_USAGE', /beginning of a hash, got 'xyz'/],
  [['library', 'ls', '--tag', 'fast'], 2, 'HOMEOSTAT_USAGE', /high-speed, low-memory, high-precision, portable/],
  [['library', 'lst'], 2, 'HOMEOSTAT_USAGE', /unknown command 'lst'/],
] as const)('refuses %j', async (args, status, code, message) => {
  // Where none is named, the usual library is not one's own.
  vi.stubEnv('XDG_CACHE_HOME', folder())
  expect(await fails(['forge', ...args], { status, code })).toMatch(message)
})

it('bench times the processor where there is no device', async () => {
  const found = JSON.parse(await well(['forge', 'bench', '--cpu', '--only', 'softmax', '--json']))
  expect(found).toMatchObject({ adapter: null, rows: [{ operation: 'softmax' }] })
  for (const row of found.rows) expect(row).toMatchObject({ cpu_ms: expect.any(Number), device_ms: null })
  const rows = (await well(['forge', 'bench', '--cpu', '--only', 'softmax'])).trimEnd().split('\n')
  expect(rows[0]).toMatch(/^operation +shape +processor +GFLOP\/s +device +GFLOP\/s +speedup$/)
  expect(rows.slice(1)).toEqual([expect.stringMatching(/^softmax +256x1024 +[\d.]+ ms +- +- +- +-$/)])
})

const OTHER = 'cd'.repeat(32)
/** Tags follow from what was measured within a group on a device; a candidate and the processor have none, and are nobody's rival. */
const TAGGED = [
  kernel({ schedule: 'fast', kernel: 'validated', seconds: 1e-5, extra_bytes: 4096, error: 0.4, portable: false }),
  kernel({ schedule: 'even', seconds: 1.04e-5, error: 0.4 }),
  kernel({ schedule: 'exact', kernel: 'validated', seconds: 3e-3, error: 0.3, portable: false }),
  kernel({ schedule: 'close', kernel: 'validated', seconds: 2e-5, extra_bytes: 1, error: 0.37, portable: false }),
  kernel({ schedule: 'candidate', kernel: 'compiled', seconds: 1e-9, error: 0 }),
  kernel({ schedule: 'wrong', kernel: 'quarantined', seconds: 1e-9, error: 0 }),
  kernel({ schedule: 'processor', kernel: 'promoted', seconds: 1e-9, error: 0 }),
  kernel({ schedule: 'elsewhere', driver: 'e', seconds: 1e-3, extra_bytes: 7, error: 0.9, portable: false }),
  kernel({ schedule: 'behind', group: 1, seconds: 1, extra_bytes: 7, error: 0.9, portable: false }),
  kernel({ schedule: 'another', blueprint: OTHER, seconds: 2e-5 }),
]

it('ls lists the fastest of each blueprint first, with what each is good at', async () => {
  const path = library(...TAGGED, line({ v: 1, blueprint: SHA, state: 'validated' }))
  const args = ['forge', 'library', 'ls', '--library', path]
  const { kernels } = JSON.parse(await well([...args, '--json'])) as { kernels: { schedule: string; tags: string[] }[] }
  expect(kernels.map(({ schedule, tags }) => [schedule, tags])).toEqual([
    ['candidate', []],
    ['wrong', []],
    ['processor', []],
    ['fast', ['high-speed']],
    ['even', ['high-speed', 'low-memory', 'portable']],
    ['close', ['high-precision']],
    ['elsewhere', ['high-speed', 'high-precision']],
    ['exact', ['low-memory', 'high-precision']],
    ['behind', ['high-speed', 'high-precision']],
    ['another', ['high-speed', 'low-memory', 'high-precision', 'portable']],
  ])
  const rows = (await well(args)).trimEnd().split('\n')
  expect(rows[0]).toMatch(/^blueprint +state +run +tags +schedule +driver$/)
  expect(rows[5]).toMatch(/^abababababab +promoted +10.4 us +high-speed low-memory portable +even +d$/)
  expect(rows[8]).toMatch(/^abababababab +validated +3 ms +low-memory high-precision +exact +d$/)
  const portable = JSON.parse(await well([...args, '--tag', 'portable', '--json']))
  expect(portable.kernels.map(({ schedule }: { schedule: string }) => schedule)).toEqual(['even', 'another'])
  // One driver's name in every row says nothing.
  expect(await well(['forge', 'library', 'ls', '--library', library(kernel())])).not.toContain('driver')
})

it('tags are those of the core, on a device', async (context) => {
  if ((await adapters()).length === 0) return context.skip('no adapter: there are no kernels that were measured')
  const path = join(folder(), 'kernels.jsonl')
  const f = await forge({ library: path, backend: 'gpu', evaluations: 2, sampling: 0 })
  const kernel = await f.kernel(blueprint.softmax({ shape: [8, 64] }))
  await kernel.settled()
  const known = await kernel.known()
  await f.close()
  const { kernels } = JSON.parse(await well(['forge', 'library', 'ls', '--library', path, '--json']))
  const pairs = (all: readonly { schedule: string; tags: readonly string[] }[]) =>
    Object.fromEntries(all.map(({ schedule, tags }) => [schedule, tags]))
  expect(known.length).toBeGreaterThan(0)
  expect(pairs(kernels)).toMatchObject(pairs(known))
})

it('what comes out of a file does not drive the terminal', async () => {
  const path = library(kernel({ schedule: 'a\u001b[2Jb\nc', driver: '\u001b]0;title\u0007d' }), kernel({ driver: 'e' }))
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
  const wild = /[\u0000-\u0009\u000b-\u001f]/
  for (const args of [['ls'], ['show', SHA.slice(0, 8)]]) {
    const out = await well(['forge', 'library', ...args, '--library', path])
    expect(out).not.toMatch(wild)
    expect(out).toContain('ab c')
  }
})

it('show prints what is known of the blueprints of a hash that begins so', async () => {
  const path = library(
    line({ v: 1, blueprint: SHA, state: 'validated' }),
    ...TAGGED,
    kernel({ schedule: 'fast', seconds: 9e-6 }),
  )
  const show = (hash: string, ...more: string[]) => ['forge', 'library', 'show', hash, '--library', path, ...more]
  const out = await well(show('cd'))
  expect(out).toMatch(/^(cd){32}\n\n {2}schedule +another \(group 0\)\n/)
  expect(out).toMatch(/run +20 us\n {2}tags +high-speed, low-memory, high-precision, portable\n/)
  expect(out).toMatch(
    /error +10 % of what is allowed\n {2}memory +0 B beside its tensors\n {2}device +d, vulkan, version 0.1.0\n$/,
  )
  expect(await well(show('ab'))).toMatch(/^(ab){32} {2}validated\n/)
  const { kernels } = JSON.parse(await well(show(SHA, '--json')))
  expect(kernels).toHaveLength(9)
  // The latest fact about a kernel is what is known of it.
  expect(kernels.find(({ schedule }: { schedule: string }) => schedule === 'fast')).toMatchObject({ seconds: 9e-6 })
  await fails(show('ef'), { status: 1, code: 'HOMEOSTAT_FILE' })
})

it('a library that nobody has written yet is empty, one that is named has to be there', async () => {
  const cache = folder()
  for (const args of [['ls'], ['verify']]) {
    vi.stubEnv('XDG_CACHE_HOME', cache)
    expect((await here(['forge', 'library', ...args])).status).toBe(0)
  }
  const path = join(cache, 'none.jsonl')
  for (const args of [['ls'], ['show', 'ab'], ['verify'], ['export', join(cache, 'out.jsonl')]]) {
    const message = await fails(['forge', 'library', ...args, '--library', path], { status: 1, code: 'HOMEOSTAT_FILE' })
    expect(message).toContain('none.jsonl cannot be read')
  }
  expect(existsSync(path)).toBe(false)
  expect(existsSync(join(cache, 'out.jsonl'))).toBe(false)
})

it('says how many lines it passes over wherever it reads them', async () => {
  const path = library(kernel(), kernel({ v: 2 }), kernel().replace('promoted', 'proMoted'))
  const file = join(folder(), 'out.jsonl')
  for (const args of [['ls'], ['show', SHA], ['export', file]]) {
    const { status, err } = await here(['forge', 'library', ...args, '--library', path])
    expect({ status, err }).toEqual({
      status: 0,
      err: expect.stringContaining(`2 lines of ${path} passed over: 1 damaged, 1 of another version`),
    })
  }
  expect(readFileSync(file, 'utf8')).toBe(kernel())
})

it('what was exported can be imported elsewhere, once', async () => {
  const path = library(...TAGGED, line({ v: 1, blueprint: SHA, state: 'validated' }))
  const [file, theirs] = [join(folder(), 'mine.jsonl'), join(folder(), 'far', 'theirs.jsonl')]
  const at = (name: string, ...args: string[]) => ['forge', 'library', ...args, '--library', name, '--json']
  expect(JSON.parse(await well(at(path, 'export', file)))).toEqual({ file, lines: 11, kernels: 10 })
  expect(JSON.parse(await well(at(theirs, 'import', file)))).toMatchObject({ taken: 11, known: 0 })
  expect(JSON.parse(await well(at(theirs, 'verify')))).toMatchObject({ lines: 11, kernels: 10, damaged: 0 })
  expect(await well(at(theirs, 'ls'))).toBe(await well(at(path, 'ls')))
  expect(readFileSync(theirs, 'utf8')).toBe(readFileSync(path, 'utf8'))
  // A second time there is nothing to take, nor from a part of what is known.
  expect(JSON.parse(await well(at(theirs, 'import', file)))).toMatchObject({ taken: 0, known: 11 })
  expect(readFileSync(theirs, 'utf8')).toBe(readFileSync(path, 'utf8'))
})

it('import refuses what is no library of this version, and export what cannot be written', async () => {
  const path = library(kernel())
  const at = (...args: string[]) => ['forge', 'library', ...args, '--library', path]
  const [text, newer] = [join(folder(), 'text.md'), library(kernel({ v: 2 }))]
  writeFileSync(text, '# no library\n')
  await fails(at('import', text), { status: 4, code: 'HOMEOSTAT_LIBRARY_DAMAGED' })
  await fails(at('import', newer), { status: 4, code: 'HOMEOSTAT_LIBRARY_VERSION' })
  await fails(at('import', join(folder(), 'none')), { status: 1, code: 'HOMEOSTAT_FILE' })
  await fails(at('import', path), { status: 2, code: 'HOMEOSTAT_USAGE' })
  await fails(at('export', path), { status: 2, code: 'HOMEOSTAT_USAGE' })
  await fails(at('export', join(folder(), 'none', 'file')), { status: 1, code: 'HOMEOSTAT_FILE' })
  expect(readFileSync(path, 'utf8')).toBe(kernel())
})

it('tune and import leave a library of another version, and what is none, as they are', async () => {
  const mine = library(kernel())
  for (const [text, code] of [
    [kernel({ v: 2 }), 'HOMEOSTAT_LIBRARY_VERSION'],
    ['# no library\n', 'HOMEOSTAT_LIBRARY_DAMAGED'],
  ] as const) {
    const path = library(text)
    for (const args of [
      ['tune', 'softmax', '--shape', '4x4', '--cpu'],
      ['library', 'import', mine],
    ])
      expect(await fails(['forge', ...args, '--library', path], { status: 4, code })).toContain(path)
    expect(readFileSync(path, 'utf8')).toBe(text)
  }
})

it.skipIf(!hasTerminals)('Ctrl-C ends a tune, cleanly and with the status of an interrupt', async () => {
  const terminal = onTerminal(80, ['forge', 'tune', 'matmul', '--shape', '2048x2048x2048', '--cpu'])
  await vi.waitUntil(() => terminal.shown().includes('timing the processor'), { timeout: 120_000 })
  terminal.type('\u0003')
  const { status, out } = await terminal.result
  expect(status).toBe(130)
  expect(screen(out).filter((line) => line !== '')).toEqual(['interrupted'])
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
