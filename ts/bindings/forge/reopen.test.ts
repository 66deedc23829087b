import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { HomeostatError } from '../../errors.js'
import type { Device } from './device.js'
import { Reopening } from './reopen.js'

const lost = new HomeostatError('HOMEOSTAT_DEVICE_LOST', 'unplugged')
const hung = new HomeostatError('HOMEOSTAT_DEVICE_HUNG', 'no answer')

let now = 0
beforeEach(() => {
  now = 0
  vi.useFakeTimers()
})
afterEach(() => void vi.useRealTimers())

function reopening(open: () => Promise<Device>) {
  const attached: Device[] = []
  return {
    attached,
    it: new Reopening(
      open,
      (device) => attached.push(device),
      () => now * 1e6,
    ),
  }
}

test('a device is opened again soon, then after waits that double, until there is one', async () => {
  const device = {} as Device
  const at: number[] = []
  let failures = 3
  const start = Date.now()
  const { it, attached } = reopening(async () => {
    at.push(Date.now() - start)
    if (failures-- > 0) throw new Error('none yet')
    return device
  })
  it.lost(lost)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(at).toEqual([100, 300, 700, 1500])
  expect(attached).toEqual([device])
  // It did not last: the wait goes on from where it was.
  it.lost(lost)
  await vi.advanceTimersByTimeAsync(1599)
  expect(attached).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(1)
  expect(attached).toHaveLength(2)
  // It lasted: the next wait is short again.
  now = 61
  it.lost(lost)
  await vi.advanceTimersByTimeAsync(100)
  expect(attached).toHaveLength(3)
})

test('where there is none, and where devices hang, it ends', async () => {
  let asked = 0
  const none = reopening(async () => {
    asked++
    throw new Error('none')
  })
  none.it.lost(lost)
  await vi.advanceTimersByTimeAsync(3_600_000)
  expect(asked).toBe(12)
  const { it, attached } = reopening(async () => ({}) as Device)
  for (let i = 0; i < 20; i++) {
    it.lost(hung)
    await vi.advanceTimersByTimeAsync(60_000)
  }
  expect(attached).toHaveLength(7)
})

test('a device that comes after the end is closed', async () => {
  const close = vi.fn()
  let give: (device: Device) => void = () => {}
  const opening = new Promise<Device>((resolve) => {
    give = resolve
  })
  const { it, attached } = reopening(() => opening)
  it.lost(lost)
  await vi.advanceTimersByTimeAsync(100)
  it.end()
  give({ close } as unknown as Device)
  await vi.advanceTimersByTimeAsync(0)
  expect([attached.length, close.mock.calls.length]).toEqual([0, 1])
  it.lost(lost)
  expect(vi.getTimerCount()).toBe(0)
})
