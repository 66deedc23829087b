/** What the terminal shows, letter by letter. New pictures: `npx vitest run --project cli test/cli/frames.test.ts -u`. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { frame, report } from '../../ts/cli/tui/draw/frame.js'
import { Canvas, columnsOf } from '../../ts/cli/tui/draw/series.js'
import { ascii, fitted, joined, type Paints, spark, wrapped } from '../../ts/cli/tui/draw/text.js'
import { tabsOf, type View, windowOf } from '../../ts/cli/tui/draw/view.js'
import { keysOf } from '../../ts/cli/tui/keys.js'
import { tame } from '../../ts/cli/tui/watch.js'
import { style, width } from '../../ts/cli/ui/terminal.js'
import { history, NOW, seen, state, tuner, WITNESS } from './support/seen.js'

const plainStyle = style({ isTTY: false }, false)
const plain: Paints = { ...plainStyle, inverse: (text) => text }
const coloured: Paints = {
  ...style({ isTTY: true }, true, { FORCE_COLOR: '1' }),
  inverse: (text) => `\u001b[7m${text}\u001b[27m`,
}

const view = (more: Partial<View> = {}): View => ({
  seen: seen(),
  tuner: (more.seen ?? seen()).state?.tuners[0],
  columns: 100,
  rows: 32,
  nowMs: NOW,
  where: 'http://127.0.0.1:9464',
  tab: 'overview',
  cursor: 0,
  knob: 0,
  open: false,
  help: false,
  probes: false,
  prompt: undefined,
  said: undefined,
  spanMs: 300_000,
  paint: plain,
  ...more,
})

// Clocks show the time of the place.
beforeAll(() => void vi.stubEnv('TZ', 'UTC'))
afterAll(() => void vi.unstubAllEnvs())

const lost = seen({
  connection: { is: 'lost', why: '127.0.0.1:9464 does not answer: ECONNREFUSED', retryAtMs: NOW + 1900 },
})
const held = { reason: 'operator', sinceMs: NOW - 9000, remainingMs: null }
const PICTURES: Readonly<Record<string, Partial<View>>> = {
  overview: {},
  'overview-coloured': { paint: coloured },
  'overview-narrow': { columns: 40, rows: 24 },
  'overview-low': { rows: 10 },
  'overview-second-knob': { knob: 1, columns: 80, rows: 24 },
  'changes-open': { tab: 'changes', open: true, columns: 80, rows: 24 },
  'changes-probes': { tab: 'changes', probes: true, cursor: 3, rows: 20 },
  breakers: { tab: 'breakers', open: true, rows: 20 },
  'breakers-narrow': { tab: 'breakers', columns: 40, rows: 16 },
  cascades: { tab: 'cascades', open: true, rows: 16 },
  queues: { tab: 'queues', columns: 60, rows: 18 },
  kernels: { tab: 'section kernels', rows: 14 },
  panel: { tab: 'section comparison', rows: 14 },
  help: { help: true, columns: 80, rows: 26 },
  prompt: {
    prompt: { question: 'Roll catalog back to what was certified?', detail: ['ttl: 1.33 min → 1.5 min'] },
    columns: 80,
    rows: 24,
  },
  'prompt-narrow': {
    prompt: { question: 'Roll catalog back to what was certified?', detail: ['ttl: 1.33 min → 1.5 min'] },
    columns: 40,
    rows: 16,
  },
  lost: { seen: lost, columns: 80, rows: 16 },
  'safe-mode': {
    seen: seen({ state: state({ tuners: [tuner({ safeMode: held }), tuner({ name: 'other' })] }) }),
    columns: 80,
    rows: 16,
  },
  connecting: {
    seen: seen({
      connection: { is: 'connecting' },
      state: null,
      health: null,
      role: null,
      history: null,
      changes: [],
      witnesses: [],
    }),
    rows: 10,
  },
  'nothing-yet': {
    seen: seen({
      history: null,
      changes: [],
      probes: [],
      witnesses: [],
      state: state({ reflex: null, queues: [], sections: {} }),
    }),
    rows: 16,
  },
  'too-small': { columns: 20, rows: 4 },
}

describe('frames', () => {
  it.each(Object.entries(PICTURES))('%s', async (name, more) => {
    const lines = frame(view(more))
    // Lines end with a mark, so that editors leave their blanks alone.
    await expect(`${lines.map((line) => `${line}│`).join('\n')}\n`).toMatchFileSnapshot(`frames/${name}.txt`)
  })

  it('are exactly as large as the terminal, whatever its size and whatever is shown', () => {
    const views: Partial<View>[] = [{}, ...Object.values(PICTURES)]
    for (const { id } of tabsOf(view())) views.push({ tab: id }, { tab: id, open: true, paint: coloured, cursor: 1 })
    for (const more of views)
      for (const columns of [1, 23, 24, 39, 40, 59, 60, 80, 133, 240])
        for (const rows of [1, 6, 7, 9, 10, 13, 24, 25, 60]) {
          const lines = frame(view({ ...more, columns, rows }))
          expect({ more, columns, rows, lines: lines.length }).toEqual({ more, columns, rows, lines: rows })
          for (const line of lines)
            expect({ more, columns, rows, line, width: width(line) }).toEqual({
              more,
              columns,
              rows,
              line,
              width: columns,
            })
        }
  })

  it('say without colour what they say with it', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours
    const bare = frame(view({ paint: coloured })).map((line) => line.replace(/\u001b\[[\d;]*m/g, ''))
    expect(bare).toEqual(frame(view()))
  })

  it('are letters of ASCII where the terminal has no others', () => {
    for (const more of Object.values(PICTURES)) {
      if (more.paint !== undefined) continue
      const lines = frame(view(more))
      for (const line of lines.map(ascii)) {
        expect(line).toMatch(/^[ -~]*$/)
        expect(line.length).toBe(more.columns ?? 100)
      }
    }
  })

  it('an ongoing cascade stands above everything', () => {
    const lines = frame(view({ seen: seen({ witnesses: [{ ...WITNESS, recoveredAtMs: null }] }) }))
    expect(lines[1]).toContain('Cascade, likely from database')
  })
})

it('one picture for a pipe', async () => {
  const lines = report(view({ columns: 100 }))
  for (const line of lines) expect(line).toBe(line.trimEnd())
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('frames/report.txt')
})

describe('texts', () => {
  it('fit exactly, in cells and with colours', () => {
    expect(fitted('abc', 5)).toBe('abc  ')
    expect(fitted('abcdef', 4)).toBe('abc…')
    expect(fitted('漢字漢字', 4)).toBe('漢… ')
    expect(fitted('\u001b[31mabcdef\u001b[39m', 4)).toBe('\u001b[31mabc…\u001b[0m')
    expect(fitted('abc', 0)).toBe('')
    for (let cells = 1; cells < 12; cells++) expect(width(fitted('a漢\u001b[1mb字\u001b[22mcé', cells))).toBe(cells)
  })

  it('stand beside one another as long as there is room', () => {
    expect(joined(['one', '', 'two', 'three'], 9)).toBe('one  two')
    expect(wrapped('one two three', 7)).toEqual(['one two', 'three'])
  })

  it('show how values lie between two others', () => {
    expect(spark([0, 4, 8, null, 2], 0, 8)).toBe('▁▅█ ▃')
    expect(spark([1, 1], 1, 1)).toBe('▅▅')
  })

  it('from elsewhere cannot drive the terminal', () => {
    const wicked = { 'na\u001b[2Jme': ['\u001b]0;title\u0007ok', 3, null, { deep: 'a\u202eb\u009bc' }] }
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those must not be there
    expect(JSON.stringify(tame(wicked))).not.toMatch(/\\u00|[\u0000-\u001f\u007f-\u009f\u202e]/)
    expect(tame(wicked)).toMatchObject({ name: ['ok', 3, null, {}] })
    const kept = { a: 'plain', b: [1, 'é 漢'] }
    expect(tame(kept)).toEqual(kept)
  })
})

describe('series', () => {
  it('hold what was last known, or leave holes', () => {
    const range = {
      ...history(),
      atMs: [NOW - 300_000, NOW - 150_000],
      series: { x: { min: [1, 3], max: [2, 5], mean: [1.5, 4] } },
    }
    const means = (held: boolean) => columnsOf(range, 'x', 4, held).map((one) => one?.mean ?? null)
    expect(means(true)).toEqual([1.5, 1.5, 4, 4])
    expect(means(false)).toEqual([1.5, null, 4, null])
    expect(columnsOf(range, 'y', 2, true)).toEqual([null, null])
    expect(columnsOf(null, 'x', 2, true)).toEqual([null, null])
  })

  it('are drawn as dots, the upper layer over the lower one', () => {
    const canvas = new Canvas(2, 1)
    canvas.bar('upper', 0, 0, 1)
    canvas.dot('lower', 0, 0)
    canvas.dot('lower', 2, 1)
    canvas.dot('upper', 9, 0.5)
    canvas.dot('upper', 1, 7)
    expect(
      canvas.lines(
        (text) => `<${text}>`,
        (text) => `(${text})`,
      ),
    ).toEqual(['<⡇>(⠁)'])
  })

  it('of lists show the part with the chosen line in it', () => {
    expect(windowOf(100, 10, 0)).toEqual({ from: 0, to: 10 })
    expect(windowOf(100, 10, 50)).toEqual({ from: 45, to: 55 })
    expect(windowOf(100, 10, 99)).toEqual({ from: 90, to: 100 })
    expect(windowOf(3, 10, 2)).toEqual({ from: 0, to: 3 })
  })
})

it('keys are told from what terminals send, several at once too', () => {
  expect(keysOf('fj\u001b[A\u001bOB\u001b[5~\r\t\u001b[Z\u0003')).toEqual([
    'f',
    'j',
    'up',
    'down',
    'page-up',
    'enter',
    'tab',
    'back-tab',
    'ctrl-c',
  ])
  expect(keysOf('\u001b')).toEqual(['escape'])
  // A mouse, a function key, a key with a modifier: nothing here.
  expect(keysOf('\u001b[<0;3;4M\u001b[15~\u001b[1;5C')).toEqual([])
})
