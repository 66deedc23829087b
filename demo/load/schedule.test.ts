import { describe, expect, it } from 'vitest'
import { HOT_FROM_RANK, scenario } from '../scenario.js'
import { buildSchedule } from './schedule.js'

const SECONDS = 100
const schedule = buildSchedule(scenario, SECONDS, 1)

describe('the schedule', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(buildSchedule(scenario, SECONDS, 1)).toEqual(schedule)
    expect(buildSchedule(scenario, SECONDS, 2).requests.row).not.toEqual(schedule.requests.row)
  })

  it('keeps every phase to its share and its rates', () => {
    expect(schedule.phases.map(({ fromMs }) => fromMs / 1000)).toEqual([0, 30, 50, 65, 80])
    for (const { fromMs, toMs, requestsPerSecond, updatesPerSecond } of schedule.phases) {
      const seconds = (toMs - fromMs) / 1000
      for (const [events, rate] of [
        [schedule.requests, requestsPerSecond],
        [schedule.updates, updatesPerSecond],
      ] as const) {
        const count = events.atMs.filter((at) => at >= fromMs && at < toMs).length
        // Five standard deviations of a Poisson count.
        expect(Math.abs(count - rate * seconds)).toBeLessThan(5 * Math.sqrt(rate * seconds) + 1)
      }
    }
  })

  it('is sorted, within the run, over rows that exist', () => {
    for (const { atMs, row } of [schedule.requests, schedule.updates]) {
      expect(atMs.every((at, i) => at >= (i === 0 ? 0 : (atMs[i - 1] as number)) && at < SECONDS * 1000)).toBe(true)
      expect(row.every((id) => Number.isInteger(id) && id >= 1 && id <= scenario.rows)).toBe(true)
    }
  })

  it('follows a Zipf popularity: the most popular row has its share', () => {
    const total = Array.from({ length: scenario.rows }, (_, i) => (i + 1) ** -scenario.zipf).reduce((a, b) => a + b)
    const counts = within(0, 10_000)
    const most = Math.max(...counts.values())
    const requests = [...counts.values()].reduce((a, b) => a + b)
    expect(Math.abs(most / requests - 1 / total)).toBeLessThan(0.04)
  })

  it('sends half of a flash crowd to 50 rows, equally', () => {
    const crowd = schedule.phases[2]
    const [from, to] = [crowd?.fromMs ?? 0, (crowd?.fromMs ?? 0) + 5000]
    const counts = [...within(from, to).values()].sort((a, b) => b - a)
    const requests = counts.reduce((a, b) => a + b)
    // Beside 50 hot rows, a few of the Zipf distribution's own are as popular.
    const top = counts.slice(0, 70).reduce((a, b) => a + b)
    expect(top / requests).toBeGreaterThan(0.6)
    expect(HOT_FROM_RANK).toBe(101)
  })

  it('changes the popularity by a small part every 10 s', () => {
    const ranks = (from: number) => [...within(from, from + 9_999)].sort((a, b) => b[1] - a[1]).map(([row]) => row)
    const before = new Set(ranks(0).slice(0, 200))
    const kept = ranks(20_000)
      .slice(0, 200)
      .filter((row) => before.has(row)).length
    expect(kept).toBeGreaterThan(60)
    expect(kept).toBeLessThan(200)
  })
})

function within(fromMs: number, toMs: number): Map<number, number> {
  const counts = new Map<number, number>()
  schedule.requests.atMs.forEach((at, i) => {
    const row = schedule.requests.row[i] as number
    if (at >= fromMs && at < toMs) counts.set(row, (counts.get(row) ?? 0) + 1)
  })
  return counts
}
