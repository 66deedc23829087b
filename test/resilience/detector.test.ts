import { describe, expect, test } from 'vitest'
import { breaker, detector } from '../../ts/entries/resilience/node.js'
import { fakeClock } from './support/clock.js'

describe('a detector', () => {
  const serve = (watch: ReturnType<typeof detector>, clock: ReturnType<typeof fakeClock>, seconds: number, by = 1) => {
    const found = []
    for (let i = 0; i < seconds * 200; i++) {
      clock.advance(5)
      // A golden-ratio sequence: independent enough, and the same everywhere.
      const regression = watch.record(by * (1 + ((i * 0.618_033_988_75) % 1)))
      if (regression !== undefined) found.push(regression)
    }
    return found
  }

  test('says once when a latency has doubled, and when that began', () => {
    const clock = fakeClock(0)
    using watch = detector({ clock })
    expect(serve(watch, clock, 120)).toEqual([])
    expect(watch.explain()).toMatchObject({ armed: true, ignored: 0 })
    const at = clock.nowUs()
    const found = serve(watch, clock, 30, 2)
    expect(found).toHaveLength(1)
    const [one] = found as [NonNullable<(typeof found)[0]>]
    expect(one.medianNowUs).toBeGreaterThan(1.5 * one.medianBeforeUs)
    expect(Math.abs(one.sinceUs - at)).toBeLessThan(5e6)
    expect(one.timeUs - at).toBeLessThan(30e6)
    expect(watch.explain().latest).toEqual(one)
  })

  test('counts what is no latency, and is one of its own', () => {
    const watch = detector()
    for (const nonsense of [-1, Number.NaN, Number.NEGATIVE_INFINITY]) expect(watch.record(nonsense)).toBeUndefined()
    expect(watch.explain()).toMatchObject({ armed: false, ignored: 3 })
    watch.close()
    expect(watch.record(1)).toBeUndefined()
    expect(() => watch.explain()).toThrow(expect.objectContaining({ code: 'HOMEOSTAT_CLOSED' }))
    expect(() => detector({ clok: 1 } as never)).toThrow(expect.objectContaining({ code: 'HOMEOSTAT_UNKNOWN_OPTION' }))
  })
})

describe('the breakers of the kernel pipeline', () => {
  test.each([
    ['compile', 5, 60],
    ['validate', 3, 30],
    ['store', 10, 120],
  ] as const)('%s opens at %i failures, for %i s', (stage, failures, seconds) => {
    const clock = fakeClock(0)
    const circuit = breaker({ stage, clock })
    for (let i = 0; i < failures; i++) {
      expect(circuit.state).toBe('closed')
      circuit.fail(circuit.tryAcquire())
    }
    expect([circuit.state, circuit.retryAfterMs]).toEqual(['open', seconds * 1000])
  })

  test('by name alone, with options of one’s own, and nothing else', () => {
    expect(breaker('compile').explain()).toMatchObject({ state: 'closed', options: { failures: 5, openUs: 60e6 } })
    expect(breaker({ stage: 'store', probes: 1 }).explain()).toMatchObject({ options: { failures: 10, probes: 1 } })
    for (const stage of ['link', 5, null])
      expect(() => breaker({ stage: stage as never })).toThrow(
        expect.objectContaining({ code: 'HOMEOSTAT_INVALID_OPTION' }),
      )
  })
})
