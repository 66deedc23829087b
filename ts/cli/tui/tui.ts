/** `homeostat tui`: a live screen where a person watches, one plain picture everywhere else. */
import process from 'node:process'
import { wallTimeMs } from '../../clock.js'
import type { Out } from '../ui/out.js'
import { columns, isLive } from '../ui/terminal.js'
import { App, SPAN, SPANS_MS } from './app.js'
import { Refused } from './client.js'
import { report } from './draw/frame.js'
import { ascii, type Paints } from './draw/text.js'
import { Screen } from './screen.js'
import type { Target } from './target.js'
import { Watch } from './watch.js'

/** Width of what is not for a terminal. */
const PAGE_COLUMNS = 120

export interface TuiOptions {
  readonly tuner: string | undefined
  readonly once: boolean
}

export async function tui(target: Target, options: TuiOptions, out: Out, signal: AbortSignal): Promise<void> {
  const live = isLive({ isTTY: process.stdin.isTTY && process.stdout.isTTY }) && !options.once && !out.json
  if (!live) return once(target, options, out)
  const { client, where } = target
  const app = new App({
    client,
    where,
    tuner: options.tuner,
    paint: paintsOf(out),
    letters: utf8() ? (line) => line : ascii,
  })
  await app.run((listener) => new Screen(process.stdin, process.stdout, listener), signal)
}

/** Everything that is known now, and the end. */
async function once({ client, where }: Target, { tuner }: TuiOptions, out: Out): Promise<void> {
  const width = Math.min(columns(process.stdout), PAGE_COLUMNS)
  const watch = new Watch(client, () => {}, { spanMs: SPANS_MS[SPAN] as number, buckets: 400 })
  try {
    const seen = await watch.once(tuner)
    if (tuner !== undefined && watch.tuner?.name !== tuner)
      throw new Refused(404, 'not-found', `there is no tuner ${tuner}`)
    if (out.json) return out.object({ health: seen.health, state: seen.state, changes: seen.changes })
    const lines = report({
      seen,
      tuner: watch.tuner,
      columns: width,
      rows: Number.MAX_SAFE_INTEGER,
      nowMs: wallTimeMs(),
      where,
      tab: 'overview',
      cursor: 0,
      knob: 0,
      open: false,
      help: false,
      probes: false,
      prompt: undefined,
      said: undefined,
      spanMs: SPANS_MS[SPAN] as number,
      paint: paintsOf(out),
    })
    out.lines(utf8() ? lines : lines.map(ascii))
  } catch (error) {
    throw error instanceof Refused ? error.ending : error
  } finally {
    watch.close()
  }
}

/** With colour also what is chosen is turned round; without it marks say the same. */
function paintsOf({ style }: Out): Paints {
  const coloured = style.bold('') !== ''
  return { ...style, inverse: coloured ? (text) => `\u001b[7m${text}\u001b[27m` : (text) => text }
}

/** Whether the terminal shows more than ASCII, as its locale says; without one, as terminals do by now. */
function utf8(env = process.env): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG
  return locale === undefined || locale === '' || /utf-?8/i.test(locale)
}
