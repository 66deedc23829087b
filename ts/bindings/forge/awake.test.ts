import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { afterAwake } from './awake.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('is late when its time has passed, once, and not when it was called off', () => {
  const [late, never] = [vi.fn(), vi.fn()]
  afterAwake(20_000, late)
  const callOff = afterAwake(20_000, never)
  vi.advanceTimersByTime(19_999)
  expect(late).not.toHaveBeenCalled()
  callOff()
  vi.advanceTimersByTime(1)
  expect(late).toHaveBeenCalledTimes(1)
  vi.advanceTimersByTime(100_000)
  expect(late).toHaveBeenCalledTimes(1)
  expect(never).not.toHaveBeenCalled()
  expect(vi.getTimerCount()).toBe(0)
})

test('an hour in which nothing ran counts for next to nothing', () => {
  const late = vi.fn()
  afterAwake(20_000, late)
  vi.advanceTimersByTime(10_000)
  // What slept finds one timer overdue, by however much.
  vi.setSystemTime(Date.now() + 3_600_000)
  vi.advanceTimersToNextTimer()
  vi.advanceTimersByTime(8999)
  expect(late).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(late).toHaveBeenCalledTimes(1)
})
