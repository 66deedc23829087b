import { describe, expect, test } from 'vitest'
import { buildTraffic, type Visit } from './load.js'
import { CASCADE_HELP, parseCascadeOptions } from './options.js'
import { busyLine, comparison, kept, secondLine, witnessText } from './print.js'
import { recovery, report, share } from './tally.js'
import { LOAD, PHASES, ROUTES, type Route } from './topology.js'

describe('options', () => {
  test('have defaults', () => {
    expect(parseCascadeOptions([])).toEqual({ seconds: 20, seed: 1, json: undefined, exit: false })
  })
  test('are read', () => {
    expect(parseCascadeOptions(['--seconds', '30', '--seed', '7', '--json', 'a.json', '--exit'])).toEqual({
      seconds: 30,
      seed: 7,
      json: 'a.json',
      exit: true,
    })
    expect(parseCascadeOptions(['--help'])).toBeUndefined()
  })
  test.each([
    [['--seconds', '14'], /--seconds must be a whole number from 15 to 600, received "14"/],
    [['--seconds', '20.5'], /--seconds/],
    [['--seed', '-1'], /--seed/],
    [['--json', ''], /--json must name a file/],
    [['--port', '1'], /--help lists the options/],
    [['extra'], /--help lists the options/],
  ])('%j cannot be meant', (args, message) => {
    expect(() => parseCascadeOptions(args)).toThrow(message)
  })
  test('the help fits a terminal', () => {
    for (const line of CASCADE_HELP.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })
})

describe('traffic', () => {
  test('is the same for the same seed, and another for another', () => {
    expect(buildTraffic(5, 3)).toEqual(buildTraffic(5, 3))
    expect(buildTraffic(5, 3)).not.toEqual(buildTraffic(5, 4))
  })
  test('has the rate and the shares that are written down', () => {
    const traffic = buildTraffic(200, 1)
    expect(traffic.length / 200 / LOAD.requestsPerSecond).toBeCloseTo(1, 1)
    for (const [route, { share }] of Object.entries(ROUTES))
      expect(traffic.filter((visit) => visit.route === route).length / traffic.length).toBeCloseTo(share, 1)
    expect(Object.values(ROUTES).reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1)
  })
})

const visit = (atMs: number, route: Route, served = true, latencyMs = 10): Visit => ({
  atMs,
  route,
  served,
  why: served ? '' : 'the user left',
  latencyMs,
})

describe('what is counted', () => {
  test('shares: of all, and of those that do not need the database', () => {
    const visits = [visit(0, 'browse'), visit(1, 'browse', false, 2000), visit(2, 'stock', false), visit(3, 'account')]
    expect(share(visits)).toEqual({ requests: 4, served: 0.5, servedOthers: 2 / 3, p99Ms: 2000 })
    expect(share([])).toMatchObject({ requests: 0, served: 1, servedOthers: 1 })
  })

  /** Every 10 ms from 0 to 10 s; those that `fails` names are not served. */
  const story = (fails: (atMs: number) => boolean, route: Route = 'browse'): Visit[] =>
    Array.from({ length: 1000 }, (_, i) => visit(i * 10, route, !fails(i * 10)))

  test.each([
    ['at once', (ms: number) => ms >= 2000 && ms < 7000, 0],
    ['after 1.5 s', (ms: number) => ms >= 2000 && ms < 8500, 1500],
    ['also where it relapses', (ms: number) => ms >= 9000 && ms < 9250, 2250],
    ['never', (ms: number) => ms >= 2000, null],
    ['a single loss is none', (ms: number) => ms === 9000, 0],
  ])('recovery: %s', (_, fails, expected) => {
    expect(recovery(story(fails), 7000, 10_000)).toBe(expected)
  })

  test('the phases lie between the break and the repair', () => {
    const visits = [...story((ms) => ms >= 3000 && ms < 7000), ...story((ms) => ms >= 3000 && ms < 8000, 'stock')]
    const result = report(visits, false, 10, 3000, 7000)
    expect(result.calm.served).toBe(1)
    expect(result.broken).toMatchObject({ served: 0, servedOthers: 0 })
    expect([result.recoveryMs, result.recoveryOthersMs]).toEqual([1000, 0])
    expect(result.reasons).toEqual({ 'the user left': 900 })
    expect(result.perSecond).toHaveLength(10)
    expect(PHASES.breakAt).toBeLessThan(PHASES.repairAt)
  })

  test('what is promised: at least 95 % with, under 50 % without', () => {
    const half = (share: number) =>
      report(
        Array.from({ length: 100 }, (_, i) => visit(4000 + i, 'browse', i < share * 100)),
        true,
        10,
        3000,
        7000,
      )
    expect(kept(half(0.49), half(0.95))).toBe(true)
    expect(kept(half(0.5), half(0.95))).toBe(false)
    expect(kept(half(0.49), half(0.94))).toBe(false)
    expect(comparison(half(0.2), half(1))).toContain('of those that do not need the database')
  })
})

test('a machine that was busy before anything hung is said to be', () => {
  const half = (latencyMs: number) =>
    report(
      Array.from({ length: 100 }, (_, i) => visit(i, 'browse', true, latencyMs)),
      true,
      10,
      3000,
      7000,
    )
  expect(busyLine(half(10), half(20))).toBe('')
  expect(busyLine(half(10), half(400))).toBe(
    'This machine is busy: before anything hung, 100.0 % were served with a p99 of 400 ms. Try again when it is not.',
  )
})

test('a second is a line, a witness a paragraph', () => {
  expect(secondLine(61, { requests: 10, served: 0.5, servedOthers: 0.25, p99Ms: 2000 })).toMatch(
    /^ {2}1:01 {2}█{8}·{8} {2}50 % +25 % +2\.0 s$/,
  )
  const words = Array.from({ length: 60 }, (_, i) => `word${i}`).join(' ')
  const half = { report: report([], true, 15, 4000, 11_000), log: [], witnesses: [words] }
  const lines = witnessText(half).split('\n')
  expect(lines.join(' ').split(/\s+/).filter(Boolean)).toHaveLength(60)
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(102)
  expect(witnessText({ ...half, witnesses: [] })).toContain('no cascade')
})
