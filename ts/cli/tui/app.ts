/**
 * The terminal as it is used: keys in, frames out. Draws when something changed, at most twenty times a second, and once a second
 * since ages grow by themselves.
 */
import { wallTimeMs } from '../../clock.js'
import type { Operable } from '../../server/api/commands.js'
import type { Change, KnobState } from '../../server/api/state.js'
import { type Asked, type Wanted, wanted } from './actions.js'
import { type Client, Refused } from './client.js'
import { frame } from './draw/frame.js'
import type { Paints } from './draw/text.js'
import { changesOf, linesOf, tabsOf, type View } from './draw/view.js'
import { keysOf } from './keys.js'
import type { Screen } from './screen.js'
import { pathOf, type Seen, Watch } from './watch.js'

export const SPANS_MS = [60_000, 300_000, 900_000, 3_600_000, 21_600_000, 86_400_000]
export const SPAN = 1
const REDRAW_MS = 50
const SAID_MS = 5000
const PAGE = 10

export interface AppParts {
  readonly client: Client
  readonly where: string
  readonly tuner: string | undefined
  readonly paint: Paints
  /** What the frame's lines go through at last: terminals without UTF-8 need it. */
  readonly letters: (line: string) => string
}

export class App {
  readonly #parts: AppParts
  readonly #watch: Watch
  #screen: Screen | undefined
  #tick: ReturnType<typeof setInterval> | undefined
  #redraw: ReturnType<typeof setTimeout> | undefined
  #tab = 'overview'
  readonly #cursors = new Map<string, number>()
  /** The change that is chosen: it keeps being that one when newer ones come. */
  #anchor: string | undefined
  #open = false
  #help = false
  #probes = false
  #wanted: Wanted | undefined
  #said: { text: string; bad: boolean; untilMs: number } | undefined
  #span = SPAN
  #chosen = false
  #end: (error?: Error) => void = () => {}

  constructor(parts: AppParts) {
    this.#parts = parts
    const look = { spanMs: SPANS_MS[SPAN] as number, buckets: 400 }
    this.#watch = new Watch(parts.client, () => this.#changed(), look)
  }

  /** Runs until the person quits, `signal` says so, or nobody gets in. */
  async run(
    makeScreen: (listener: { typed(text: string): void; changed(): void }) => Screen,
    signal: AbortSignal,
  ): Promise<void> {
    const screen = makeScreen({ typed: (text) => this.#typed(text), changed: () => this.#draw() })
    this.#screen = screen
    const ended = new Promise<void>((resolve, reject) => {
      this.#end = (error) => (error === undefined ? resolve() : reject(error))
    })
    signal.addEventListener('abort', () => this.#end(), { once: true })
    try {
      screen.open()
      this.#draw()
      this.#watch.start()
      this.#tick = setInterval(() => this.#draw(), 1000)
      if (!signal.aborted) await ended
    } finally {
      clearInterval(this.#tick)
      clearTimeout(this.#redraw)
      this.#watch.close()
      screen.close()
    }
  }

  #changed(): void {
    const { connection, state } = this.#watch.seen
    if (connection.is === 'denied' && !this.#watch.wasLive) this.#end(new Refused(403, 'denied', connection.why).ending)
    if (!this.#chosen && state !== null) {
      this.#chosen = true
      const { tuner } = this.#parts
      if (tuner !== undefined) {
        if (state.tuners.some(({ name }) => name === tuner)) this.#watch.choose(tuner)
        else this.#say(`there is no tuner ${tuner} here`, true)
      }
    }
    this.#redraw ??= setTimeout(() => {
      this.#redraw = undefined
      this.#draw()
    }, REDRAW_MS)
  }

  #draw(): void {
    const screen = this.#screen
    if (screen === undefined) return
    if (this.#said !== undefined && this.#said.untilMs < wallTimeMs()) this.#said = undefined
    const view = this.#view(screen)
    screen.draw(frame(view).map(this.#parts.letters))
  }

  #view(screen: Screen): View {
    const { seen, tuner } = this.#watch
    const tabs = tabsOf({ seen, tuner })
    if (!tabs.some(({ id }) => id === this.#tab)) this.#tab = 'overview'
    this.#follow(seen)
    const most = Math.max(0, linesOf({ seen, tuner, tab: this.#tab, probes: this.#probes }) - 1)
    return {
      seen,
      tuner,
      columns: screen.columns,
      rows: screen.rows,
      nowMs: wallTimeMs(),
      where: this.#parts.where,
      tab: this.#tab,
      cursor: Math.min(this.#cursors.get(this.#tab) ?? 0, most),
      knob: Math.min(this.#cursors.get('overview') ?? 0, Math.max(0, (tuner?.knobs.length ?? 1) - 1)),
      open: this.#open,
      help: this.#help,
      probes: this.#probes,
      prompt: this.#wanted,
      said: this.#said,
      spanMs: SPANS_MS[this.#span] as number,
      paint: this.#parts.paint,
    }
  }

  #follow(seen: Seen): void {
    if (this.#anchor === undefined) return
    const at = changesOf({ seen, probes: this.#probes }).findIndex((one) => keyOf(one) === this.#anchor)
    if (at >= 0) this.#cursors.set('changes', at)
  }

  #typed(text: string): void {
    for (const key of keysOf(text)) this.#key(key)
    this.#draw()
  }

  #key(key: string): void {
    const action = ACTIONS[key]
    if (key === 'ctrl-c') this.#end()
    else if (key === 'ctrl-z') this.#screen?.suspend()
    else if (this.#wanted !== undefined) this.#answer(key)
    else if (this.#help) this.#help = false
    else if (action !== undefined) void this.#ask(action)
    else if (key === 'q') this.#end()
    else if (key === '?') this.#help = true
    else if (key === 'p') this.#probes = !this.#probes
    else if (key === 'tab' || key === 'right') this.#turn(1)
    else if (key === 'back-tab' || key === 'left') this.#turn(-1)
    else if (/^[1-9]$/.test(key)) this.#show(Number(key) - 1)
    else if (key === '[' || key === ']') this.#other(key === ']' ? 1 : -1)
    else if (key === '+' || key === '=' || key === '-') this.#zoom(key === '-' ? 1 : -1)
    else if (key === 'enter') this.#unfold(!this.#open)
    else if (key === 'escape') this.#unfold(false)
    else if (key === 'ctrl-l') {
      this.#screen?.forget()
      this.#watch.retry()
    } else this.#move(key)
  }

  #unfold(open: boolean): void {
    this.#open = open
    this.#hold()
  }

  #turn(by: number): void {
    const tabs = tabsOf(this.#watch)
    const at = tabs.findIndex(({ id }) => id === this.#tab)
    this.#show((at + by + tabs.length) % tabs.length)
  }

  #show(index: number): void {
    const tab = tabsOf(this.#watch)[index]
    if (tab === undefined) return
    this.#tab = tab.id
    this.#open = false
  }

  #other(by: number): void {
    const tuners = this.#watch.seen.state?.tuners ?? []
    const at = tuners.findIndex(({ name }) => name === this.#watch.tuner?.name)
    const next = tuners[(at + by + tuners.length) % tuners.length]
    if (next === undefined) return
    this.#cursors.clear()
    this.#anchor = undefined
    this.#watch.choose(next.name)
  }

  #zoom(by: number): void {
    this.#span = Math.min(SPANS_MS.length - 1, Math.max(0, this.#span + by))
    this.#watch.look(SPANS_MS[this.#span] as number, 400)
  }

  #move(key: string): void {
    const { seen, tuner } = this.#watch
    const most = Math.max(0, linesOf({ seen, tuner, tab: this.#tab, probes: this.#probes }) - 1)
    const now = Math.min(this.#cursors.get(this.#tab) ?? 0, most)
    const to = {
      up: now - 1,
      k: now - 1,
      down: now + 1,
      j: now + 1,
      'page-up': now - PAGE,
      'page-down': now + PAGE,
      home: 0,
      end: most,
    }[key]
    if (to !== undefined) this.#cursors.set(this.#tab, Math.min(most, Math.max(0, to)))
    if (this.#tab === 'changes') this.#hold()
  }

  /** At the top, with nothing open, the newest is the chosen one, whichever that is. */
  #hold(): void {
    const at = this.#cursors.get('changes') ?? 0
    const one = changesOf({ seen: this.#watch.seen, probes: this.#probes })[at]
    this.#anchor = one === undefined || (at === 0 && !this.#open) ? undefined : keyOf(one)
  }

  /** What the key means is asked of the server first: what is shown may be a second old. */
  async #ask(asked: Asked): Promise<void> {
    const { tuner, seen } = this.#watch
    if (tuner === undefined) return this.#say('there is no tuner here', true)
    if (seen.connection.is !== 'live') return this.#say('there is no connection: nothing can be asked for', true)
    if (seen.role === 'read') return this.#say('this token may only look', true)
    try {
      const can = await this.#parts.client.get<Operable>(`api/v1/${pathOf(tuner.name)}/commands`)
      const made = wanted(asked, tuner, this.#knob(), can)
      if (typeof made === 'string') this.#say(made, true)
      else this.#wanted = made
    } catch (error) {
      this.#say(error instanceof Error ? error.message : String(error), true)
    }
    this.#draw()
  }

  #knob(): KnobState | undefined {
    const knobs = this.#watch.tuner?.knobs ?? []
    return knobs[Math.min(this.#cursors.get('overview') ?? 0, knobs.length - 1)]
  }

  #answer(key: string): void {
    const made = this.#wanted
    if (made === undefined || !['y', 'Y', 'n', 'N', 'q', 'escape'].includes(key)) return
    this.#wanted = undefined
    if (key.toLowerCase() === 'y') void this.#do(made)
    else this.#say('nothing was done', false)
  }

  async #do({ tuner, command, revision, done }: Wanted): Promise<void> {
    try {
      await this.#parts.client.command(`api/v1/${pathOf(tuner)}/commands`, command, revision)
      this.#say(done, false)
    } catch (error) {
      const stale = error instanceof Refused && error.kind === 'stale-page'
      const text = stale
        ? 'something changed meanwhile and nothing was done: look, and ask again'
        : (error as Error).message
      this.#say(text, true)
    }
    void this.#watch.refresh(true)
    this.#draw()
  }

  #say(text: string, bad: boolean): void {
    this.#said = { text, bad, untilMs: wallTimeMs() + SAID_MS }
  }
}

const keyOf = ({ runId, seq }: Change): string => `${runId} ${seq}`

const ACTIONS: Readonly<Record<string, Asked>> = {
  f: 'freeze-knob',
  F: 'freeze-all',
  r: 'rollback',
  s: 'safe-mode',
}
