import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { CONTROL_ON } from '../../ts/binding.js'
import { WORD_CONTROL } from '../../ts/memory/layout.js'
import { readWord } from '../../ts/node/control-watcher.js'
import { folder, sleep, until } from '../support/folder.js'
import { cacheTuner, window } from '../support/tuners.js'

afterEach(() => {
  vi.unstubAllEnvs()
})

type Made = Awaited<ReturnType<typeof cacheTuner>>

const initial = { ttl: 300_000, concurrency: 32 }
const moved = async ({ tuner, clock }: Made) => {
  expect(tuner.propose({ concurrency: 40 })).toEqual({ ok: true })
  window(tuner, clock)
  expect(tuner.knobs.concurrency).not.toBe(32)
}

/** Keeps the event loop busy, watching the knobs; returns the time until `condition` held. */
function block(ms: number, condition: () => boolean): number {
  const start = performance.now()
  while (performance.now() - start < ms) if (condition()) return performance.now() - start
  return Number.POSITIVE_INFINITY
}

describe('the control file', () => {
  test('is obeyed while the event loop is blocked', async () => {
    const path = join(folder(), 'control')
    const made = await cacheTuner({ controlFile: path })
    const { tuner, clock } = made
    await moved(made)
    const generation = tuner.generation
    await sleep(600)
    writeFileSync(path, 'off\n')
    expect(block(50_000, () => tuner.knobs.concurrency === 32 && tuner.knobs.ttl === 300_000)).toBeLessThan(50_000)
    expect(tuner.snapshot().values).toEqual(initial)
    expect(tuner.generation).toBeGreaterThan(generation)
    // The core hears of it at the next tick, and nothing moves any more.
    const events: unknown[] = []
    tuner.on('control', (event) => events.push(event.payload))
    for (let i = 0; i < 40; i++) window(tuner, clock, 0.9)
    expect(events).toEqual([{ control: 'off', source: 'file' }])
    expect(tuner.controlWord).toBe('off')
    expect(tuner.snapshot().values).toEqual(initial)
    // Without the file it is on again, and samples count under the generation that readers see.
    rmSync(path)
    await until(() => {
      tuner.tick()
      return tuner.controlWord === 'on'
    })
    for (let i = 0; i < 100; i++) window(tuner, clock, 0.3)
    expect(tuner.snapshot().values).not.toEqual(initial)
    expect((await tuner.explain()).valid_windows).toBeGreaterThan(80)
    await tuner.close()
  })

  test('off and on again while the event loop is blocked: obeyed, and both journaled', async () => {
    const path = join(folder(), 'control')
    const made = await cacheTuner({ controlFile: path })
    const { tuner } = made
    await moved(made)
    await sleep(600)
    const events: unknown[] = []
    tuner.on('control', (event) => events.push(event.payload))
    writeFileSync(path, 'off\n')
    expect(block(50_000, () => tuner.knobs.concurrency === 32)).toBeLessThan(50_000)
    writeFileSync(path, 'on\n')
    // The thread has read it: the owner, which has not looked yet, learns of both.
    const words = new Int32Array(tuner.handle.buffer)
    expect(block(50_000, () => Atomics.load(words, WORD_CONTROL) === CONTROL_ON)).toBeLessThan(50_000)
    expect(events).toEqual([])
    tuner.tick()
    expect(events).toEqual([
      { control: 'off', source: 'file' },
      { control: 'on', source: 'file' },
    ])
    expect(tuner.controlWord).toBe('on')
    expect(tuner.snapshot().values).toEqual(initial)
    tuner.tick()
    expect(events).toHaveLength(2)
    await tuner.close()
  })

  test('values that the owner decided before it knew are not published over it', async () => {
    const path = join(folder(), 'control')
    const made = await cacheTuner({ controlFile: path })
    await moved(made)
    await sleep(600)
    writeFileSync(path, 'off')
    block(50_000, () => made.tuner.knobs.concurrency === 32)
    const seen = new Set<number>()
    made.tuner.on('applied', () => seen.add(made.tuner.knobs.concurrency))
    for (let i = 0; i < 20; i++) window(made.tuner, made.clock, 0.9)
    expect(made.tuner.propose({ concurrency: 36 })).toMatchObject({ ok: false })
    expect(made.tuner.snapshot().values).toEqual(initial)
    for (const value of seen) expect(value).toBe(32)
    await made.tuner.close()
  })

  test('freeze holds the present values', async () => {
    const path = join(folder(), 'control')
    const made = await cacheTuner({ controlFile: path })
    await moved(made)
    writeFileSync(path, 'freeze')
    await until(() => {
      made.tuner.tick()
      return made.tuner.controlWord === 'freeze'
    })
    const held = made.tuner.snapshot().values
    for (let i = 0; i < 40; i++) window(made.tuner, made.clock, 0.9)
    expect(made.tuner.snapshot().values).toEqual(held)
    await made.tuner.close()
  })

  test('what it says before the start holds from the start', async () => {
    const path = join(folder(), 'control')
    writeFileSync(path, 'off')
    const { tuner } = await cacheTuner({ controlFile: path })
    expect(tuner.controlWord).toBe('off')
    expect(tuner.propose({ concurrency: 36 })).toMatchObject({ ok: false })
    await tuner.close()
  })

  test('a word that it does not know keeps the present one and is reported', async () => {
    const path = join(folder(), 'control')
    writeFileSync(path, 'freeze')
    const { tuner } = await cacheTuner({ controlFile: path })
    const troubles: string[] = []
    tuner.on('trouble', (event) => troubles.push(event.code))
    writeFileSync(path, 'of')
    await until(() => {
      tuner.tick()
      return troubles.length > 0
    })
    expect(troubles[0]).toBe('HOMEOSTAT_CONTROL_FILE')
    expect(tuner.controlWord).toBe('freeze')
    await tuner.close()
  })

  test.each([
    ['off', 2],
    [' OFF \n', 2],
    ['freeze', 1],
    ['on', 0],
    ['', -2],
    ['offf', -1],
  ])('%j reads as %i', (text, word) => {
    expect(readWord('x', () => text)).toBe(word)
  })

  test('a missing file says on, one that cannot be read says nothing', () => {
    const failing = (code: string) => () => {
      throw Object.assign(new Error(code), { code })
    }
    expect(readWord('x', failing('ENOENT'))).toBe(0)
    expect(readWord('x', failing('EACCES'))).toBe(-1)
  })

  test('close ends its thread', async () => {
    const { tuner } = await cacheTuner({ controlFile: join(folder(), 'control') })
    const start = performance.now()
    await tuner.close()
    expect(performance.now() - start).toBeLessThan(50_000)
  })
})

describe('the environment', () => {
  test.each([
    ['off', { controlWord: 'off', mode: 'auto' }],
    ['freeze', { controlWord: 'freeze', mode: 'auto' }],
    ['observe', { controlWord: 'on', mode: 'observe' }],
    ['on', { controlWord: 'on', mode: 'auto' }],
    ['', { controlWord: 'on', mode: 'auto' }],
  ])('HOMEOSTAT=%s', async (value, expected) => {
    vi.stubEnv('HOMEOSTAT', value)
    const { tuner, clock } = await cacheTuner()
    expect({ controlWord: tuner.controlWord, mode: tuner.mode }).toEqual(expected)
    if (value !== 'on' && value !== '') {
      for (let i = 0; i < 40; i++) window(tuner, clock, 0.9)
      expect(tuner.snapshot().values).toEqual(initial)
      expect(tuner.control('on')).toBe(expected.controlWord)
    }
    await tuner.close()
  })

  test('a typo in a kill switch does not go unnoticed', async () => {
    vi.stubEnv('HOMEOSTAT', 'of')
    await expect(cacheTuner()).rejects.toMatchObject({ code: 'HOMEOSTAT_INVALID_OPTION' })
  })

  test('HOMEOSTAT_CONTROL names the file, HOMEOSTAT_JOURNAL the folder', async () => {
    const path = folder()
    writeFileSync(join(path, 'control'), 'off')
    vi.stubEnv('HOMEOSTAT_CONTROL', join(path, 'control'))
    vi.stubEnv('HOMEOSTAT_JOURNAL', join(path, 'journal'))
    const { tuner } = await cacheTuner()
    expect(tuner.controlWord).toBe('off')
    expect(tuner.journal.path).toBe(join(path, 'journal', 'catalog-1.jsonl'))
    await tuner.close()
  })
})

describe('the API', () => {
  test('off returns to the initial values at once, on lets go', async () => {
    const made = await cacheTuner()
    await moved(made)
    expect(made.tuner.control('off')).toBe('off')
    expect(made.tuner.snapshot().values).toEqual(initial)
    expect(made.tuner.control('on')).toBe('on')
    await made.tuner.close()
  })
})

describe.skipIf(process.platform === 'win32')('SIGUSR2', () => {
  // Vitest runs tests in worker threads or child processes; signals reach the main thread only.
  test('means off, unless it was declined', async () => {
    const made = await cacheTuner({ controlSignal: true })
    const declined = await cacheTuner({ name: 'declined', controlSignal: false })
    await moved(made)
    process.emit('SIGUSR2')
    expect(made.tuner.controlWord).toBe('off')
    expect(made.tuner.snapshot().values).toEqual(initial)
    expect(declined.tuner.controlWord).toBe('on')
    expect(made.tuner.control('on')).toBe('on')
    await made.tuner.close()
    await declined.tuner.close()
    expect(process.listenerCount('SIGUSR2')).toBe(0)
  })
})
