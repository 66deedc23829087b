import { StepError } from './errors.mjs'

const live = process.stdout.isTTY && !process.env.CI
const HEARTBEAT_MS = 15_000
const FRAME_MS = 250

export const seconds = (ms) =>
  ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`

const clip = (text, width) => (text.length > width ? `${text.slice(0, width - 1)}…` : text)

/** What runs now, in the order of its start. Several may run beside each other; one line speaks for all. */
const running = new Set()

const told = ({ title, started, doing }) => `${title}  ${seconds(Date.now() - started)}  ${doing}`

function frame() {
  const width = (process.stdout.columns ?? 100) - 1
  const share = Math.floor(width / running.size) - 2
  process.stdout.write(`\r\x1b[2K${[...running].map((one) => clip(`… ${told(one)}`, share)).join('  ')}`)
}

/** A line that stays, above the living one. */
export function say(line) {
  process.stdout.write(live && running.size > 0 ? `\r\x1b[2K${line}\n` : `${line}\n`)
}

/**
 * Runs one step and says so: its name at once, its time at the end. In a terminal the line is alive; elsewhere a heartbeat
 * comes every 15 s, so that a log never looks dead. `note(text)` tells what the step is busy with. The body returns what to
 * say at the end, as text or as `{ text, failed }`.
 */
export async function step(title, body) {
  const one = { title, started: Date.now(), doing: '' }
  const note = (text) => {
    one.doing = text.trim()
  }
  running.add(one)
  if (!live) say(`… ${title}`)
  const timer = live ? setInterval(frame, FRAME_MS) : setInterval(() => say(clip(`  ${told(one)}`, 140)), HEARTBEAT_MS)
  const end = (mark, text) => {
    clearInterval(timer)
    say(`${mark} ${title}${text ? `: ${text}` : ''} (${seconds(Date.now() - one.started)})`)
    running.delete(one)
  }
  try {
    const result = await body(note)
    end(result?.failed ? '✗' : '✓', typeof result === 'string' ? result : (result?.text ?? ''))
    return result
  } catch (error) {
    end('✗', '')
    if (error instanceof StepError) error.step ??= title
    throw error
  }
}
