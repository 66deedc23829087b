import { StepError } from './errors.mjs'

const live = process.stdout.isTTY && !process.env.CI
const HEARTBEAT_MS = 15_000
const FRAME_MS = 250

export const seconds = (ms) =>
  ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`

const clip = (text, width) => (text.length > width ? `${text.slice(0, width - 1)}…` : text)

export const say = (line) => process.stdout.write(`${line}\n`)

/**
 * Runs one step and says so: its name at once, its time at the end. In a terminal the line is alive; elsewhere a heartbeat
 * comes every 15 s, so that a log never looks dead. `note(text)` tells what the step is busy with. The body returns what to
 * say at the end, as text or as `{ text, failed }`.
 */
export async function step(title, body) {
  const started = Date.now()
  let doing = ''
  const note = (text) => {
    doing = text.trim()
  }
  const line = () => clip(`… ${title}  ${seconds(Date.now() - started)}  ${doing}`, (process.stdout.columns ?? 100) - 1)
  if (!live) say(`… ${title}`)
  const timer = live
    ? setInterval(() => process.stdout.write(`\r\x1b[2K${line()}`), FRAME_MS)
    : setInterval(() => say(clip(`  ${title}: ${seconds(Date.now() - started)}  ${doing}`, 140)), HEARTBEAT_MS)
  const end = (mark, text) => {
    clearInterval(timer)
    if (live) process.stdout.write('\r\x1b[2K')
    say(`${mark} ${title}${text ? `: ${text}` : ''} (${seconds(Date.now() - started)})`)
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
