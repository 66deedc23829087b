/** What a person sees on a terminal, and what a file gets in its place. */
import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { until } from '../support/folder.js'
import { homeostat } from './support/cli.js'
import { toldStudy, workplace } from './support/studies.js'
import { hasTerminals, onTerminal, screen } from './support/terminal.js'

const ESCAPE = '\u001b'
const RUN = ['run', '-c', 'c.json', '--state', 's.jsonl', '-b', '6', '-j', '2', '--', './e.sh']

/** Its programs end one after the other, each when `go` is called, or at once. */
function place(atOnce = true) {
  const made = workplace()
  let next = 0
  const go = (): void => writeFileSync(made.path(`go${next++}`), '')
  for (let trial = 0; atOnce && trial < 6; trial++) go()
  made.script(
    'e.sh',
    'while [ ! -e go$HOMEOSTAT_TRIAL ]; do sleep 0.02; done; [ $HOMEOSTAT_TRIAL = 2 ] && { echo "no \u001b[31mmemory" >&2; exit 3; }; echo RESULT=0.$HOMEOSTAT_TRIAL',
  )
  return { ...made, go }
}

describe.skipIf(!hasTerminals)('on a terminal', () => {
  it('of any width a run draws one line of progress, within it, and keeps what matters above it', async () => {
    const terminals = [80, 120, 24].map((columns) => {
      const made = place(false)
      return { columns, go: made.go, ...onTerminal(columns, RUN, made) }
    })
    for (const { columns, result, shown: soFar, go } of terminals) {
      for (let told = 0; told < 6; told++) {
        await until(() => soFar().includes(`${told}/6`))
        go()
      }
      const { status, out } = await result
      expect({ columns, status }).toEqual({ columns, status: 0 })
      const drawn = out.split(/\r?\n/).flatMap((line) => line.split(`\r${ESCAPE}[2K`))
      // biome-ignore lint/suspicious/noControlCharactersInRegex: colours
      const shown = drawn.map((text) => text.replace(/\u001b\[[\d;]*m/g, '').replace(/\r/g, ''))
      const bars = shown.filter((text) => /^[━─]+ {2}/.test(text))
      expect(bars.length).toBeGreaterThanOrEqual(6)
      for (const bar of bars) expect([...bar].length).toBeLessThan(columns)
      expect(bars.at(-1)).toMatch(/[56]\/6/)
      if (columns >= 80) expect(bars.at(-1)).toContain('best 0')
      const last = screen(out)
      expect(last.some((line) => line.includes('trial 2 failed'))).toBe(true)
      expect(last.join('\n')).not.toContain('━')
      expect(last.join('\n')).toContain('the budget is used up after 6 trials, 1 failed')
    }
  })

  it('shows colour, but not with NO_COLOR, --no-color or TERM=dumb', async () => {
    const { cwd } = await toldStudy(3)
    const best = async (args: string[], env: Record<string, string> = {}) =>
      (await onTerminal(80, ['best', 's.jsonl', ...args], { cwd, env }).result).out
    const [coloured, ...plain] = await Promise.all([
      best([]),
      best([], { NO_COLOR: '1' }),
      best(['--no-color']),
      best([], { TERM: 'dumb' }),
    ])
    expect(coloured).toContain(`${ESCAPE}[32m1${ESCAPE}[39m`)
    for (const out of plain) {
      expect(out).not.toContain(ESCAPE)
      expect(out).toContain('best  1')
    }
  })

  it('draws nothing with --quiet, and plain lines where the terminal is dumb', async () => {
    const [quiet, dumb] = await Promise.all([
      onTerminal(80, [...RUN.slice(0, 1), '--quiet', ...RUN.slice(1)], place()).result,
      onTerminal(80, RUN, { ...place(), env: { TERM: 'dumb' } }).result,
    ])
    expect(quiet.out).not.toContain('━')
    expect(quiet.out).not.toContain('trial 2 failed')
    expect(dumb.out).not.toContain(ESCAPE)
    expect(dumb.out).toContain('[6/6] trial')
  })

  it('Ctrl-C ends a run and says how to go on', async () => {
    const made = workplace()
    const terminal = onTerminal(100, ['run', '-c', 'c.json', '--state', 's.jsonl', '--', 'sleep', '60'], made)
    await until(() => terminal.shown().includes('0/100'))
    terminal.type('\u0003')
    const { status, out } = await terminal.result
    expect(status).toBe(130)
    expect(out).toContain('homeostat run -c c.json --state s.jsonl -- sleep 60')
  })
})

describe('in a file', () => {
  it('there is neither colour nor progress, unless FORCE_COLOR asks for colour', async () => {
    const { out, err } = await homeostat(RUN, place())
    expect(out + err).not.toMatch(/[\r━]/)
    expect(out).not.toContain(ESCAPE)
    expect(err).not.toContain(ESCAPE)
    expect(err).toContain('trial 2 failed: ended with status 3: no memory')
    const { cwd } = await toldStudy(2)
    expect((await homeostat(['best', 's.jsonl'], { cwd, env: { FORCE_COLOR: '1' } })).out).toContain(ESCAPE)
    expect((await homeostat(['best', 's.jsonl'], { cwd, env: { FORCE_COLOR: '1', NO_COLOR: '1' } })).out).not.toContain(
      ESCAPE,
    )
  })
})
