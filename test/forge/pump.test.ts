/** What a forge does with what its core tells: nothing is lost on the way, and nobody waits for ever. */
import { expect, test, vi } from 'vitest'
import { blueprint, type Forge, type LibraryStore, type LineSink } from '../../ts/entries/forge/node.js'
import { openForge } from '../../ts/forge/forge.js'
import { type ForgeOptions, resolve } from '../../ts/forge/options.js'
import { Scripted } from './scripted.js'
import { refusal } from './support.js'

const relu = blueprint.input('x', [1]).relu()
const x = new Float32Array(1)

function open(core: Scripted, options: ForgeOptions = {}): Promise<Forge> {
  return openForge(core.binding, resolve(options), options.library as LibraryStore | undefined, () => {})
}

/** A sink that refuses so often, after it took a part of what it was given. */
class Failing implements LineSink {
  text = ''
  left: number
  calls = 0

  constructor(times: number) {
    this.left = times
  }

  async append(lines: string): Promise<void> {
    this.calls++
    if (this.left-- > 0) throw new Error('disk full')
    this.text += lines
  }
}

test('lines that a sink refuses are offered again, before what follows', async () => {
  const core = new Scripted()
  const journal = new Failing(2)
  const lines = new Failing(1)
  const library = { load: async () => undefined, append: (text: string) => lines.append(text) }
  await using f = await open(core, { journal, library })
  const troubles: string[] = []
  f.on('trouble', ({ error }) => void troubles.push(error.message))
  core.journal = ['1\n', '2\n']
  core.library = ['a\n']
  const kernel = await f.kernel(relu)
  await expect.poll(() => [journal.text, lines.text]).toEqual(['1\n2\n', 'a\n'])
  expect(troubles).toEqual(['disk full', 'disk full', 'disk full'])
  core.journal = ['3\n']
  await kernel.run({ x })
  await expect.poll(() => journal.text).toBe('1\n2\n3\n')
})

test('a sink that never takes anything is asked ever more seldom, and once more at the end', async () => {
  const core = new Scripted()
  const journal = new Failing(Number.POSITIVE_INFINITY)
  const f = await open(core, { journal })
  core.journal = Array.from({ length: 100 }, (_, i) => `${i}\n`)
  const start = performance.now()
  const kernel = await f.kernel(relu)
  for (let i = 0; i < 20 || journal.calls < 2; i++) {
    await kernel.run({ x })
    await new Promise((done) => setTimeout(done, 10))
  }
  // At 0, then 100, 300, 700... ms later, or still later: as many as the time that passed has room for.
  const passed = performance.now() - start
  expect(journal.calls).toBeLessThanOrEqual(1 + Math.floor(Math.log2((passed + 10) / 100 + 1)))
  // The rest is the core's to keep, which knows its bounds.
  expect(core.journal).toHaveLength(99)
  journal.left = 0
  await f.close()
  expect(journal.text.split('\n')).toHaveLength(101)
})

test('events that were dropped are told, and who waited for one of them is let go', async () => {
  const core = new Scripted()
  await using f = await open(core)
  const kernel = await f.kernel(relu)
  const gaps: (string | undefined)[] = []
  f.on('gap', ({ reason }) => void gaps.push(reason))
  const settled = kernel.settled()
  const warm = kernel.warm()
  core.explained = {
    settled: true,
    groups: [{ work: 'map', shape: [1], multiplyAdds: 0, space: 9, schedule: 'map 1' }],
  }
  core.dropped = 904
  core.tell('added', 7)
  expect(await settled).toMatchObject({ settled: true, answers: 'device', schedules: ['map 1'] })
  expect(await warm).toBe(true)
  expect(gaps).toEqual(['904 events were dropped'])
})

test('what is no kernel’s counts for none', async () => {
  const core = new Scripted()
  await using f = await open(core)
  const kernel = await f.kernel(relu)
  core.tell('rejected', undefined, { reason: 'HOMEOSTAT_LIBRARY_DAMAGED: 1 lines of the library' })
  core.tell('settled', 0)
  expect(await kernel.settled()).toMatchObject({ rejections: 0 })
})

test('a device that was lost is waited for where it comes back', async () => {
  const core = new Scripted()
  await using f = await open(core)
  const kernel = await f.kernel(relu)
  const lost = new Promise((done) => f.on('deviceLost', done))
  core.tell('promoted', 0, { schedules: ['map 1'] })
  core.tell('device-gone')
  await lost
  expect(kernel.stats()).toMatchObject({ answers: 'cpu', settled: true })
  core.explained = { settled: false, groups: [] }
  let ended = false
  const settled = kernel.settled().finally(() => {
    ended = true
  })
  await new Promise((done) => setTimeout(done, 60))
  expect(ended).toBe(false)
  core.tell('attached')
  core.tell('promoted', 0, { schedules: ['map 2'] })
  core.tell('settled', 0)
  expect(await settled).toMatchObject({ answers: 'device', schedules: ['map 2'] })
  // Where none is expected nobody waits.
  core.tell('device-gone')
  await kernel.run({ x })
  await expect.poll(() => kernel.stats().answers).toBe('cpu')
  core.explained = { settled: true, groups: [] }
  expect(await kernel.settled()).toMatchObject({ answers: 'cpu' })
})

test('tensors of a run that was aborted are given back when they come', async () => {
  const core = new Scripted()
  await using f = await open(core)
  const kernel = await f.kernel(relu)
  let go = (): void => {}
  core.run = new Promise((done) => {
    go = done
  })
  const own = new AbortController()
  const running = Array.from({ length: 5 }, () => kernel.runOnDevice({ x }, { signal: own.signal }))
  const reading = kernel.run({ x }, { signal: own.signal })
  own.abort()
  for (const run of [...running, reading]) expect((await refusal(() => run)).code).toBe('HOMEOSTAT_ABORTED')
  const kept = kernel.runOnDevice({ x })
  go()
  const tensor = await kept
  await expect.poll(() => core.buffers).toBe(1)
  tensor.dispose()
  expect(core.buffers).toBe(0)
})

test('what others learned is taken before a kernel is made', async () => {
  const core = new Scripted()
  const news = ['b\n', undefined, 'c\n']
  const library: LibraryStore = {
    load: async () => new TextEncoder().encode('a\n'),
    append: async () => {},
    grown: async () => {
      const text = news.shift()
      return text === undefined ? undefined : new TextEncoder().encode(text)
    },
  }
  await using f = await open(core, { library })
  await f.kernel(relu)
  expect(core.read).toEqual(['a\n', 'b\n'])
  await f.kernel(relu)
  expect(core.read).toHaveLength(2)
  await Promise.all([f.kernel(relu), f.kernel(relu), f.kernel(relu)])
  expect(core.read).toEqual(['a\n', 'b\n', 'c\n'])
})

test('what others learned is taken each second while runs come in', async () => {
  const core = new Scripted()
  let nowUs = 0
  const news: string[] = []
  const library: LibraryStore = {
    load: async () => undefined,
    append: async () => {},
    grown: async () => new TextEncoder().encode(news.shift() ?? ''),
  }
  await using f = await open(core, { library, clock: { nowUs: () => nowUs } })
  const kernel = await f.kernel(relu)
  core.tell('settled', 0)
  await kernel.settled()
  core.read = []
  news.push('wrong\n')
  await kernel.run({ x })
  await expect.poll(() => core.events).toEqual([])
  nowUs = 999_999
  core.tell('kept', 0)
  await kernel.run({ x })
  await expect.poll(() => core.events).toEqual([])
  expect(core.read).toEqual([])
  nowUs = 1_000_000
  await kernel.run({ x })
  await expect.poll(() => core.read).toEqual(['wrong\n'])
})

test('a core that was opened for nothing is closed', async () => {
  const broken = new Scripted()
  const library = { load: () => Promise.reject(new Error('EISDIR')), append: async () => {} }
  await expect(open(broken, { library })).rejects.toThrow('EISDIR')
  expect(broken.closed).toBe(1)
  const late = new Scripted()
  let go = (): void => {}
  late.opening = new Promise((done) => {
    go = done
  })
  const own = new AbortController()
  const opening = open(late, { signal: own.signal })
  own.abort()
  go()
  expect((await refusal(() => opening)).code).toBe('HOMEOSTAT_ABORTED')
  await expect.poll(() => late.closed).toBe(1)
})

test('who waits keeps the process alive, a search that nobody waits for does not', async () => {
  const core = new Scripted()
  const f = await open(core)
  const real = globalThis.setTimeout
  const made: NodeJS.Timeout[] = []
  const spy = vi.spyOn(globalThis, 'setTimeout').mockImplementation(((...args: Parameters<typeof setTimeout>) => {
    const timer = real(...args)
    made.push(timer)
    return timer
  }) as typeof setTimeout)
  const beats = (): boolean | undefined => made.at(-1)?.hasRef()
  const turned = async (): Promise<void> => {
    for (const before = made.length; made.length < before + 2; ) await new Promise((done) => real(done, 5))
  }
  try {
    const kernel = await f.kernel(relu)
    await turned()
    expect([made.length > 1, beats()]).toEqual([true, false])
    const settled = kernel.settled()
    expect(beats()).toBe(true)
    await turned()
    expect(beats()).toBe(true)
    core.tell('settled', 0)
    await settled
  } finally {
    spy.mockRestore()
    await f.close()
  }
})

test('a device that is lost at rest is told, though nobody asks for anything', async () => {
  const core = new Scripted()
  await using f = await open(core)
  const kernel = await f.kernel(relu)
  core.tell('promoted', 0, { schedules: ['map 1'] })
  core.tell('settled', 0)
  await kernel.settled()
  // Everything is told, and nothing is waited for.
  await expect.poll(() => core.events).toEqual([])
  await new Promise((done) => setTimeout(done, 60))
  const lost = new Promise((done) => f.on('deviceLost', done))
  core.tell('device-gone')
  await lost
  expect(kernel.stats().answers).toBe('cpu')
})

test('objective and strategies reach the core, by the names that it has', async () => {
  const core = new Scripted()
  await using f = await open(core, { objective: 'memory', strategies: ['study', 'model', 'study'] })
  expect(core.opened).toMatchObject({ strategies: 'study,model,study' })
  expect(JSON.parse(core.opened?.kernel ?? '')).toMatchObject({ objective: 'memory' })
  const one = {
    group: 0,
    state: 'promoted',
    bucket: 3,
    seconds: 1e-5,
    extraBytes: 0,
    error: 0.1,
    portable: true,
  } as const
  core.known = [
    { ...one, schedule: 'map 1', tags: ['high-speed', 'portable'] },
    { ...one, schedule: 'map 2', tags: ['low-memory'] },
  ]
  const kernel = await f.kernel(relu, { objective: 'precision' })
  expect(await kernel.known()).toEqual(core.known)
  expect((await kernel.known({ tag: 'low-memory' })).map(({ schedule }) => schedule)).toEqual(['map 2'])
  expect(await kernel.known({ tag: 'high-precision' })).toEqual([])
})
