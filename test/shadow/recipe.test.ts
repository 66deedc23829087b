import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { candidateValues } from '../../ts/shadow/ghost.js'
import { hashKey } from '../../ts/shadow/hash.js'
import { shadow } from '../../ts/shadow/index.js'
import { KeyTable } from '../../ts/shadow/key-table.js'
import { UpdateRates } from '../../ts/shadow/update-rate.js'
import { generator } from '../support/traffic.js'

describe('the key table', () => {
  test('holds at most its capacity and finds what it holds', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(40), { maxLength: 400 }), (keys) => {
        const table = new KeyTable(8)
        const slots = new Map<number, number>()
        for (const key of keys) {
          if (table.find(key) < 0) {
            const slot = table.insert(key)
            for (const [other, at] of slots) if (at === slot) slots.delete(other)
            slots.set(key, slot)
          }
          expect(table.size).toBeLessThanOrEqual(8)
          for (const [other, at] of slots) expect(table.find(other)).toBe(at)
        }
      }),
    )
  })

  test('keeps what is touched', () => {
    const table = new KeyTable(4)
    table.insert('hot')
    for (let i = 0; i < 1000; i++) {
      expect(table.find('hot')).toBeGreaterThanOrEqual(0)
      table.insert(i)
    }
  })
})

describe('the hash', () => {
  test.each([
    ['numbers', (i: number) => i],
    ['names', (i: number) => `product:${i}`],
  ])('spreads consecutive %s evenly', (_, key) => {
    const buckets = new Int32Array(16)
    for (let i = 0; i < 64_000; i++) {
      const bucket = hashKey(key(i)) >>> 28
      buckets[bucket] = (buckets[bucket] as number) + 1
    }
    for (const count of buckets) expect(Math.abs(count - 4000)).toBeLessThan(400)
  })
})

describe('update rates', () => {
  test.each([0.02, 0.2, 1])('recovers %f changes per second from censored intervals', (rate) => {
    const random = generator(5)
    const rates = new UpdateRates(64, 100)
    let now = 0
    for (let i = 0; i < 8000; i++) {
      const slot = i % 64
      now += 0.05
      const seconds = 0.2 + 3 * random()
      const changed = random() < 1 - Math.exp(-rate * seconds)
      rates.observe(slot, 4, seconds, changed ? 1 : 0, false, now)
    }
    const mean = Array.from({ length: 64 }, (_, slot) => rates.rate(slot, 4, now)).reduce((a, b) => a + b) / 64
    expect(mean / rate).toBeGreaterThan(0.8)
    expect(mean / rate).toBeLessThan(1.25)
  })

  test('follows a rate that falls after every interval had a change', () => {
    const rates = new UpdateRates(1, 20)
    let now = 0
    for (let i = 0; i < 50; i++) {
      now += 1
      rates.observe(0, 1, 10, 1, false, now)
    }
    const before = rates.rate(0, 1, now)
    for (let i = 0; i < 50; i++) {
      now += 1
      rates.observe(0, 1, 10, 0, false, now)
    }
    expect(rates.rate(0, 1, now)).toBeLessThan(before / 5)
  })

  test('stays finite whatever it is told', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.double({ min: 1e-9, max: 1e9, noNaN: true }),
            fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
            fc.nat(5),
            fc.boolean(),
          ),
        ),
        (observations) => {
          const rates = new UpdateRates(1, 20)
          let now = 0
          for (const [seconds, readRate, changes, exact] of observations) {
            now += 0.5
            rates.observe(0, readRate, seconds, changes, exact, now)
            const rate = rates.rate(0, readRate, now)
            expect(rate).toBeGreaterThan(0)
            expect(rate).toBeLessThan(2e3)
          }
        },
      ),
    )
  })
})

describe('the recipe', () => {
  test('spreads candidates by the scale, bounds included', () => {
    expect([...candidateValues({ min: 1, max: 100, scale: 'log' }, 3)].map((x) => Math.round(x))).toEqual([1, 10, 100])
    expect([...candidateValues({ min: 0, max: 100, scale: 'linear' }, 3)]).toEqual([0, 50, 100])
  })

  test('says nothing before it knows anything about changes', () => {
    const recipe = shadow.cacheTtl()
    let now = 0
    const source = recipe.bind({ min: 1000, max: 60_000, scale: 'log', nowUs: () => now })
    const out = new Float64Array(26)
    for (let i = 0; i < 100; i++) {
      now += 1000
      recipe.onRead(i)
    }
    expect(source.collect(now, out)).toBe(false)
  })

  test('belongs to one tuner', () => {
    const recipe = shadow.cacheTtl()
    const context = { min: 1, max: 2, scale: 'log' as const, nowUs: () => 0 }
    recipe.bind(context)
    expect(() => recipe.bind(context)).toThrow(expect.objectContaining({ code: 'HOMEOSTAT_INVALID_OPTION' }))
  })

  test('is harmless before a tuner has it', () => {
    const recipe = shadow.cacheTtl()
    recipe.onRead('a')
    recipe.onVersion('a', 1)
  })

  test.each([
    [{ sample: 0 }, 'shadow.sample'],
    [{ sample: Number.NaN }, 'shadow.sample'],
    [{ candidates: 17 }, 'shadow.candidates'],
    [{ keys: 1.5 }, 'shadow.keys'],
    [{ timeConstant: '0s' as const }, 'shadow.timeConstant'],
    [{ replaces: {} }, 'shadow.replaces'],
  ])('refuses %j', (options, option) => {
    expect(() => shadow.cacheTtl(options)).toThrow(expect.objectContaining({ option }))
  })

  test('counters tell how many changes there were', () => {
    const recipe = shadow.cacheTtl({ versions: 'counter', sample: 1 })
    let now = 0
    const source = recipe.bind({ min: 1000, max: 64_000, scale: 'log', nowUs: () => now * 1e6 })
    const out = new Float64Array(source.values.length * 2)
    // Each row changes twice a second and is read five times a second: opaque versions could only say "changed".
    for (let i = 0; i < 4000; i++) {
      now = i * 0.05
      const key = i % 4
      recipe.onRead(key)
      if (i % 40 < 4) recipe.onVersion(key, Math.floor(now * 2))
    }
    expect(source.collect(now * 1e6, out)).toBe(true)
    // At a TTL of 1 s, over ages uniform in [0, 1]: 1 - (1 - exp(-2)) / 2 of the hits are stale, and 5 reads in 6 are hits.
    expect(out[1]).toBeGreaterThan(0.3)
    expect(out[1]).toBeLessThan(0.62)
  })
})
