import { describe, expect, it } from 'vitest'
import { Live } from '../live.js'
import { bar, sparkline } from './bars.js'
import { duration, relative, thousands } from './format.js'
import { frame } from './frame.js'
import { groupChanges } from './group.js'
import { clip, paint, wantsColours } from './paint.js'

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with a control character.
const SEQUENCES = /\u001b\[[\d;]*m/g
const second = { requests: 100, missRate: 0.3, staleRate: 0.1, errorRate: 0, p50Ms: 1, p99Ms: 9, cost: 5 }

function live(): Live {
  const run = new Live(60, 1)
  run.status.tuned = { ttlMs: 4000, lingerMs: 20, requests: 1, misses: 1, databaseQueries: 1 }
  for (let i = 0; i < 45; i++) run.second(i, { static: { ...second, cost: 40 }, tuned: second }, i === 44 ? 99 : 0)
  run.change({ atMs: 1, kind: 'applied', knob: 'ttl', from: 15000, to: 12000, why: 'because' })
  return run
}

describe('the frame', () => {
  it.each([20, 40, 80, 200])('never exceeds the columns it is given: %i', (columns) => {
    for (const [colours, rows] of [
      [false, 24],
      [true, 50],
    ] as const) {
      const size = { columns, rows }
      const lines = frame(live(), size, paint(colours), 'http://127.0.0.1:1/').map((line) => clip(line, columns))
      for (const line of lines) expect(line.replace(SEQUENCES, '').length).toBeLessThanOrEqual(columns)
    }
  })
  it.each([24, 36, 60])('fits 80 columns by %i rows without being cut', (rows) => {
    const lines = frame(live(), { columns: 80, rows }, paint(false), 'http://127.0.0.1:40000/')
    expect(lines.length).toBeLessThan(rows)
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80)
    expect(lines.join('\n')).toContain('the loader itself is 99 ms late')
  })
  it('works before the first second', () => {
    expect(frame(new Live(60, 1), { columns: 80, rows: 40 }, paint(false), '').join('\n')).toContain('no change yet')
  })
  it('has no escape sequence without colours', () => {
    expect(wantsColours({ NO_COLOR: '1' }, true)).toBe(false)
    expect(wantsColours({ TERM: 'dumb' }, true)).toBe(false)
    expect(wantsColours({ NO_COLOR: '' }, true)).toBe(true)
    expect(frame(live(), { columns: 80, rows: 40 }, paint(false), '').join('')).not.toContain('\u001b')
  })
})

describe('changes', () => {
  it('are grouped while a knob keeps its direction', () => {
    const at = (atMs: number, from: number, to: number, knob = 'ttl') => ({
      atMs,
      kind: 'applied',
      knob,
      from,
      to,
      why: '',
    })
    const groups = groupChanges([
      at(0, 15000, 12000),
      at(500, 0, 10, 'linger'),
      at(1000, 12000, 9000),
      at(2000, 9000, 11000),
      at(9000, 11000, 13000),
    ])
    expect(groups.map(({ text }) => text)).toEqual([
      'ttl 15 s → 9.0 s in 2 steps',
      'linger 0 ms → 10 ms',
      'ttl 9.0 s → 11 s',
      'ttl 11 s → 13 s',
    ])
  })
})

describe('numbers', () => {
  it('are short', () => {
    expect([0, 999, 1000, 9949, 9950, Number.NaN].map(duration)).toEqual([
      '0 ms',
      '999 ms',
      '1.0 s',
      '9.9 s',
      '10 s',
      '–',
    ])
    expect([relative(10, 5), relative(10, 10), relative(10, 12), relative(0, 1)]).toEqual([
      '−50 %',
      '±0 %',
      '+20 %',
      '',
    ])
    expect(thousands(1234567)).toBe('1 234 567')
    expect([bar(0.5, 4), bar(2, 2), sparkline([0, 1, 2, 99], 3, 2)]).toEqual(['██  ', '██', '▅██'])
  })
})
