import { expect, test } from 'vitest'
import { fakeClock, seededRandom } from '../../ts/testing/index.js'

test('a fake clock stands until it is moved', () => {
  const clock = fakeClock(5)
  expect(clock.nowUs()).toBe(5)
  clock.advance('1.5s')
  clock.advance(2)
  expect(clock.nowUs()).toBe(1_502_005)
  clock.advance('-1ms')
  expect(clock.nowUs()).toBe(1_501_005)
  clock.set(Number.NaN)
  expect(clock.nowUs()).toBeNaN()
  expect(() => clock.advance('soon' as never)).toThrow(expect.objectContaining({ code: 'HOMEOSTAT_INVALID_OPTION' }))
})

test('seeded noise is the same for the same seed, uniform and normal', () => {
  const a = seededRandom(4)
  const b = seededRandom(4)
  const numbers = Array.from({ length: 20_000 }, () => a.normal())
  expect(numbers.slice(0, 100)).toEqual(Array.from({ length: 100 }, () => b.normal()))
  const mean = numbers.reduce((x, y) => x + y) / numbers.length
  const variance = numbers.reduce((x, y) => x + (y - mean) ** 2, 0) / numbers.length
  expect(Math.abs(mean)).toBeLessThan(0.03)
  expect(Math.abs(variance - 1)).toBeLessThan(0.05)
})
