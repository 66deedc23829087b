import type { WriteStream } from 'node:tty'
import type { Live, LiveSecond } from '../live.js'
import { cost, duration, percent } from './format.js'
import { frame } from './frame.js'
import { clip, paint, wantsColours } from './paint.js'

const FRAME_MS = 250
/** Without a terminal: one line every so many seconds. */
const LINE_EVERY = 2

export interface View {
  /** Puts the terminal back as it was. */
  close(): void
}

/** Shows the run while it goes: in place where there is a terminal, else plain lines. */
export function view(live: Live, out: WriteStream, page: string): View {
  return out.isTTY && process.env.TERM !== 'dumb' ? inPlace(live, out, page) : lines(live, out)
}

/** The alternate screen is redrawn from its corner, so a change of size needs nothing but the next frame. */
function inPlace(live: Live, out: WriteStream, page: string): View {
  const painter = paint(wantsColours(process.env, true))
  const draw = (): void => {
    const shown = frame(live, out, painter, page).slice(0, Math.max(1, out.rows - 1))
    out.write(`\u001b[H${shown.map((line) => `${clip(line, out.columns - 1)}\u001b[K`).join('\n')}\u001b[J`)
  }
  out.write('\u001b[?1049h\u001b[?25l')
  const timer = setInterval(draw, FRAME_MS)
  out.on('resize', draw)
  draw()
  return {
    close: () => {
      clearInterval(timer)
      out.off('resize', draw)
      out.write('\u001b[?25h\u001b[?1049l')
    },
  }
}

function lines(live: Live, out: NodeJS.WriteStream): View {
  const stop = live.listen((second) => {
    if (second && (second.index + 1) % LINE_EVERY === 0) out.write(`${plainLine(live, second)}\n`)
  })
  return { close: stop }
}

function plainLine(live: Live, { index, static: fixed, tuned, ttlMs, lingerMs, lagMs }: LiveSecond): string {
  const both = (show: (of: typeof fixed) => string) => `${show(fixed)} / ${show(tuned)}`
  const late = lagMs > 50 ? `  (loader ${duration(lagMs)} late)` : ''
  return (
    `${String(index + 1).padStart(4)} s  ${live.phaseAt(index * 1000).name.padEnd(13)}` +
    `  cost static / tuned ${both((of) => cost(of.cost).padStart(5))}` +
    `  misses ${both((of) => percent(of.missRate, 0))}  stale ${both((of) => percent(of.staleRate, 0))}` +
    `  p99 ${both((of) => duration(of.p99Ms))}  TTL ${duration(ttlMs)}  linger ${duration(lingerMs)}${late}`
  )
}
