import { describe, expect, it } from 'vitest'
import { scenario } from '../scenario.js'
import { buildSchedule } from './schedule.js'
import { virtualCosts } from './virtual.js'
import { virtualTuned } from './virtual-tuned.js'

const mean = (costs: ArrayLike<number>) => Array.from(costs).reduce((a, b) => a + b, 0) / costs.length

describe('the scenario in virtual time', () => {
  it('is what the scenario expects of the TTL alone: static 7.0, best fixed 6.2, best per phase 5.3', () => {
    const seeds = [1, 2, 3]
    const ttls = [1000, 1500, 2000, 3000, 6000, 15000, 30000, 60000]
    const schedules = seeds.map((seed) => buildSchedule(scenario, 300, seed))
    const costs = ttls.map((ttlMs) => schedules.map((schedule) => virtualCosts(schedule, scenario.rows, ttlMs)))
    const whole = costs.map((of) => mean(of.map(mean)))
    expect(whole[ttls.indexOf(scenario.static.ttlMs)]).toBeCloseTo(7, 0)
    expect(Math.min(...whole)).toBeGreaterThan(5.9)
    expect(Math.min(...whole)).toBeLessThan(6.4)
    const perPhase = schedules[0]?.phases.map(({ share, fromMs, toMs }) => {
      const of = costs.map((all) => mean(all.map((one) => mean(one.slice(fromMs / 1000, toMs / 1000)))))
      return share * Math.min(...of)
    })
    const best = perPhase?.reduce((a, b) => a + b) ?? 0
    expect(best).toBeGreaterThan(5.1)
    expect(best).toBeLessThan(5.6)
  })

  it('costs at least 15 % less under the tuner on every seed, and less than at the best fixed TTL', async () => {
    const ttls = [1000, 1500, 2000, 3000, 4000, 6000, 15000]
    for (const seed of [201, 202, 203, 204]) {
      const schedule = buildSchedule(scenario, 300, seed)
      const fixed = ttls.map((ttlMs) => mean(virtualCosts(schedule, scenario.rows, ttlMs)))
      const { costs } = await virtualTuned(schedule, scenario.rows, seed)
      expect(mean(costs), `seed ${seed}`).toBeLessThan(0.85 * (fixed.at(-1) as number))
      expect(mean(costs), `seed ${seed}`).toBeLessThan(Math.min(...fixed))
    }
  })
})
