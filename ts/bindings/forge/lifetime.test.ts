import { expect, test, vi } from 'vitest'
import { Lifetime } from './lifetime.js'

test('it is freed once, by whoever is the last', () => {
  const free = vi.fn()
  const life = new Lifetime(free)
  const [one, two] = [life.use(), life.use()]
  one()
  one()
  life.end()
  life.end()
  expect([life.isOver, free.mock.calls.length]).toEqual([true, 0])
  two()
  two()
  expect(free).toHaveBeenCalledTimes(1)
})

test('without users its end frees it; a user who has gone does not', () => {
  const free = vi.fn()
  const life = new Lifetime(free)
  life.use()()
  expect(free).not.toHaveBeenCalled()
  life.end()
  expect(free).toHaveBeenCalledTimes(1)
})
