/** Parts of the command line whose cases are many and cheap: reading lines, tables, knobs and damaged studies. */
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loadSolver } from '../../ts/cli/core.js'
import { csvLine, parseCsv } from '../../ts/cli/exchange/csv.js'
import { LINE_MAX, LineCutter, TOO_LONG } from '../../ts/cli/interactive/lines.js'
import { parseBound } from '../../ts/cli/study/bound.js'
import { quote } from '../../ts/cli/study/shell.js'
import { bytes, duration, number } from '../../ts/cli/ui/format.js'
import { table } from '../../ts/cli/ui/table.js'
import { clean, shorten, width } from '../../ts/cli/ui/terminal.js'
import { isHomeostatError } from '../../ts/errors.js'
import { readStudyFrom } from '../../ts/node/study/load.js'
import { StudyFile } from '../../ts/node/study/study-file.js'
import { folder } from '../support/folder.js'

describe('LineCutter', () => {
  it('gives the same lines whatever the cut', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), fc.array(fc.nat(20)), (texts, cuts) => {
        const wanted = texts.map((text) => text.replaceAll('\n', ' ').replaceAll('\uFEFF', ' '))
        const input = Buffer.from(wanted.map((text) => `${text}\n`).join(''))
        const cutter = new LineCutter()
        const found = []
        let from = 0
        for (const cut of cuts) {
          found.push(...cutter.push(input.subarray(from, from + cut)))
          from += cut
        }
        found.push(...cutter.push(input.subarray(from)), ...cutter.end())
        expect(found).toEqual(wanted)
      }),
    )
  })

  it('passes over what is too long, and keeps no more than a line may have', () => {
    const cutter = new LineCutter()
    const piece = Buffer.alloc(LINE_MAX / 2, 'x')
    expect([cutter.push(piece), cutter.push(piece)].flat()).toEqual([])
    expect(cutter.push(Buffer.from('\nok\n'))).toEqual(['x'.repeat(LINE_MAX), 'ok'])
    for (let i = 0; i < 3; i++) cutter.push(piece)
    expect(cutter.push(Buffer.from('\nok\n'))).toEqual([TOO_LONG, 'ok'])
  })
})

describe('CSV', () => {
  it('reads what it writes', () => {
    const cells = fc.array(fc.array(fc.string(), { minLength: 2, maxLength: 4 }), { minLength: 1 })
    fc.assert(
      fc.property(cells, fc.constantFrom('\n', '\r\n'), (rows, newline) => {
        // A carriage return of its own may stand at a cell's end only in quotes, which writing adds.
        expect(parseCsv(rows.map((row) => csvLine(row)).join(newline))).toEqual(rows)
      }),
    )
  })

  it.each(['a,"b', 'a,b"c', '"a"b,c', 'x\n"y'])('refuses %j with the line', (text) => {
    expect(() => parseCsv(text)).toThrow(/^line \d: /)
  })
})

describe('knobs in words', () => {
  it.each([
    ['lr=1e-5..1:log', { kind: 'number', min: 1e-5, max: 1, scale: 'log' }],
    ['t=-5..+5', { kind: 'number', min: -5, max: 5 }],
    ['n=1..12:integer', { kind: 'integer', min: 1, max: 12 }],
    ['w=10ms..2s', { kind: 'duration', min: 10, max: 2000 }],
    ['w=10..2000:duration', { kind: 'duration', min: 10, max: 2000 }],
    ['s=64kB..1MiB:log', { kind: 'bytes', min: 64_000, max: 1_048_576, scale: 'log' }],
    ['m=a|b=c|d:e', { kind: 'choice', choices: ['a', 'b=c', 'd:e'] }],
    ['f=boolean', { kind: 'boolean' }],
  ])('%s', (text, bound) => {
    expect(parseBound(text)[1]).toEqual(bound)
  })

  it.each([
    '',
    'x',
    '=1..2',
    'x=',
    'x=1',
    'x=..',
    'x=1..2..3',
    'x=a..b',
    'x=1..2:cubic',
    'x=1..2:log:linear',
    'x=1s..2kB',
  ])('not %j', (text) => {
    expect(() => parseBound(text)).toThrow(/--knob must be like/)
  })
})

describe('text', () => {
  it('is measured in cells, cut within them, and cleaned of what drives a terminal', () => {
    expect([width('abc'), width('温度'), width('e\u0301'), width('\u001b[31mred\u001b[39m'), width('😀')]).toEqual([
      3, 4, 1, 3, 2,
    ])
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 20 }), (text, cells) => {
        expect(width(shorten(text, cells))).toBeLessThanOrEqual(cells)
      }),
    )
    expect(clean('\u001b[2J\u001b]0;title\u0007a\r\n\tb\u0000')).toBe('a b')
    const lines = table([{ title: 'name' }, { title: 'count', right: true }], [['a long name that is cut', '12']], 20)
    for (const line of lines) expect(width(line)).toBeLessThanOrEqual(20)
  })

  it('of numbers, times and sizes is short', () => {
    expect([0.1 + 0.2, 1e-7, 123456.789, 1e20, 5, Number.NaN].map(number)).toEqual([
      '0.3',
      '1e-7',
      '123456.8',
      '1e+20',
      '5',
      'NaN',
    ])
    expect([12, 1500, 59_400, 90_000, 7_500_000, 2e8].map(duration)).toEqual([
      '12 ms',
      '1.5 s',
      '59 s',
      '2 min',
      '2 h 5 min',
      '2 d',
    ])
    expect([999, 1000, 999_900, 5e9].map(bytes)).toEqual(['999 B', '1.0 kB', '1.0 MB', '5.0 GB'])
    expect(['a-b/c.1', '', 'it is', "it's", '$x'].map(quote)).toEqual([
      'a-b/c.1',
      "''",
      "'it is'",
      "'it'\\''s'",
      "'$x'",
    ])
  })
})

describe('a damaged study', () => {
  const CONFIG = { seed: 3, bounds: { x: { min: 0, max: 1 }, c: { kind: 'choice' as const, choices: ['a', 'é'] } } }

  function study(): { path: string; whole: Buffer } {
    const path = join(folder(), 's.jsonl')
    const file = new StudyFile(path, { binding: loadSolver(), config: CONFIG })
    const values = new Float64Array(2)
    file.change((core) => {
      for (let i = 0; i < 4; i++)
        core.tell(
          core.ask(values),
          i === 1 ? 1 : 0,
          i === 1 ? Number.NaN : i / 3,
          Number.NaN,
          i === 1 ? 'why, "é"' : '',
        )
      core.ask(values)
    }, false)
    file.close()
    return { path, whole: readFileSync(path) }
  }

  function read(path: string) {
    const fd = openSync(path, 'r')
    try {
      return readStudyFrom(fd, readFileSync(path).length, path, loadSolver())
    } finally {
      closeSync(fd)
    }
  }

  it('cut off anywhere is what its whole lines say', () => {
    const { path, whole } = study()
    for (let length = 0; length <= whole.length; length++) {
      writeFileSync(path, whole.subarray(0, length))
      const found = read(path)
      const text = whole.subarray(0, length).toString('latin1')
      // A line that lacks nothing but its newline is whole.
      const lines =
        whole
          .subarray(0, length + 1)
          .toString('latin1')
          .split('\n').length - 1
      if (lines === 0) expect({ length, kind: found.kind }).toEqual({ length, kind: 'empty' })
      else {
        if (found.kind !== 'study') throw new Error(`nothing at ${length}`)
        const asked = whole
          .subarray(0, length + 1)
          .toString('latin1')
          .split('\n')
          .slice(1, lines)
          .filter((line) => line.startsWith('{"ask"'))
        expect({ length, trials: found.core.trials() }).toEqual({ length, trials: asked.length })
        expect(found.dropped).toBe(found.unfinished ? 0 : length - (text.lastIndexOf('\n') + 1))
        found.core.close()
      }
    }
  })

  it('with a byte changed anywhere is refused, but for what stands in the last line', () => {
    const { path, whole } = study()
    const lastLine = whole.lastIndexOf(10, whole.length - 2) + 1
    for (let at = 0; at < lastLine; at += 3) {
      const edited = Buffer.from(whole)
      edited[at] = (edited[at] as number) ^ 1
      writeFileSync(path, edited)
      let code = ''
      try {
        read(path)
      } catch (error) {
        if (!isHomeostatError(error)) throw error
        code = error.code
      }
      expect({ at, code }).toEqual({
        at,
        code: expect.stringMatching(/^HOMEOSTAT_STUDY_(BROKEN|MALFORMED|FORMAT|NEWER|DIVERGED)$/),
      })
    }
  })
})
