/**
 * What is known of a server from its events and answers. Texts come from other processes: they are stripped of everything that
 * could drive the terminal before anybody sees them.
 */
import { wallTimeMs } from '../../clock.js'
import type { Change, State, TunerState, WitnessState } from '../../server/api/state.js'
import type { Range } from '../../server/history/history.js'
import { settled } from '../../sse/settled.js'
import type { EventStream } from '../../sse/stream.js'
import { CHANGE_EVENTS } from '../../tuner/events.js'
import { clean } from '../ui/terminal.js'
import type { Client, Refused } from './client.js'
import { streamOf } from './stream.js'

export type Connection =
  | { readonly is: 'connecting' | 'live' }
  | { readonly is: 'lost'; readonly why: string; readonly retryAtMs: number }
  | { readonly is: 'denied'; readonly why: string }

export interface Seen {
  readonly connection: Connection
  readonly health: 'ok' | 'degraded' | 'failed' | null
  readonly role: 'read' | 'operate' | null
  readonly state: State | null
  /** Of the chosen tuner, the newest first, probes apart: there are so many that nothing else would be left. */
  readonly changes: readonly Change[]
  readonly probes: readonly Change[]
  readonly history: Range | null
  /** The latest first. */
  readonly witnesses: readonly WitnessState[]
}

/** Changes that are kept, and probes besides. */
const CHANGES_MAX = 300
const HISTORY_MS = 2000
/** Changes come in bursts; one question is enough for all of them. */
const GATHER_MS = 200

export class Watch {
  readonly #client: Client
  readonly #stream: EventStream
  readonly #changed: () => void
  #seen: Seen = {
    connection: { is: 'connecting' },
    health: null,
    role: null,
    state: null,
    changes: [],
    probes: [],
    history: null,
    witnesses: [],
  }
  #tuner = ''
  #spanMs: number
  #buckets: number
  #timer: ReturnType<typeof setInterval> | undefined
  #gather: ReturnType<typeof setTimeout> | undefined
  #asking = false
  #wasLive = false

  constructor(client: Client, changed: () => void, look: { readonly spanMs: number; readonly buckets: number }) {
    this.#client = client
    this.#changed = changed
    this.#spanMs = look.spanMs
    this.#buckets = look.buckets
    this.#stream = streamOf(client, {
      open: () => this.#opened(),
      event: (name, data) => this.#event(name, data),
      lost: (why, retryMs) => this.#lost(why, retryMs),
    })
  }

  get seen(): Seen {
    return this.#seen
  }

  /** Whether there was a connection at some time. */
  get wasLive(): boolean {
    return this.#wasLive
  }

  get tuner(): TunerState | undefined {
    const tuners = this.#seen.state?.tuners ?? []
    return tuners.find(({ name }) => name === this.#tuner) ?? tuners[0]
  }

  start(): void {
    this.#stream.restart()
    this.#timer = setInterval(() => void this.refresh(), HISTORY_MS)
  }

  /** Everything once, for a single picture. Throws {@link Refused}. */
  async once(tuner?: string): Promise<Seen> {
    this.#set({ state: await this.#ask<State>('state'), connection: { is: 'live' } })
    if (tuner !== undefined) this.#tuner = tuner
    await this.#details(true)
    return this.#seen
  }

  choose(tuner: string): void {
    if (tuner === this.tuner?.name) return
    this.#tuner = tuner
    this.#set({ changes: [], probes: [], history: null })
    void this.refresh(true)
  }

  look(spanMs: number, buckets: number): void {
    if (spanMs === this.#spanMs && buckets === this.#buckets) return
    this.#spanMs = spanMs
    this.#buckets = buckets
    void this.refresh()
  }

  /** Whatever is asked for beside the stream; `all`: also what changes seldom. Failures are the stream's to tell. */
  async refresh(all = false): Promise<void> {
    if (this.#seen.connection.is !== 'live' || (this.#asking && !all)) return
    this.#asking = true
    try {
      await this.#details(all)
    } catch {
      // The stream says when nobody is there; a single answer may be late.
    } finally {
      this.#asking = false
    }
  }

  retry(): void {
    this.#stream.retry()
  }

  close(): void {
    clearInterval(this.#timer)
    clearTimeout(this.#gather)
    this.#stream.close()
  }

  async #details(all: boolean): Promise<void> {
    const [health] = await Promise.all([
      this.#client.get<{ status: NonNullable<Seen['health']> }>('health'),
      this.#history(),
      ...(all ? [this.#role(), this.#changes(), this.#witnesses()] : []),
    ])
    this.#set({ health: health.status })
  }

  async #role(): Promise<void> {
    const { actor } = await this.#ask<{ actor: { role: 'read' | 'operate' } }>('')
    this.#set({ role: actor.role })
  }

  async #history(): Promise<void> {
    const { tuner } = this
    if (tuner === undefined) return
    const to = tuner.window?.atMs ?? this.#seen.state?.atMs ?? 0
    // A tuner has 32 knobs at most, a question 64 series: what would go beyond that is not drawn.
    const series = ['objective', ...tuner.knobs.flatMap(({ name }) => [`knob.${name}`, `baseline.${name}`])].slice(
      0,
      64,
    )
    const query = `series=${series.join(',')}&from=${to - this.#spanMs}&to=${to}&buckets=${this.#buckets}`
    const history = await this.#ask<Range>(`${pathOf(tuner.name)}/history?${query}`)
    if (this.tuner?.name === tuner.name) this.#set({ history })
  }

  /** The newest of all, and the newest of those that are no change of values: probes may be all that the former has. */
  async #changes(): Promise<void> {
    const { tuner } = this
    if (tuner === undefined) return
    const path = `${pathOf(tuner.name)}/changes?limit=${CHANGES_MAX}`
    const [newest, others] = await Promise.all([
      this.#ask<{ changes: Change[] }>(path),
      this.#ask<{ changes: Change[] }>(`${path}&type=${CHANGE_EVENTS.filter((type) => type !== 'applied').join(',')}`),
    ])
    if (this.tuner?.name === tuner.name) this.#keep([...newest.changes, ...others.changes])
  }

  /** Joins what came to what is known. */
  #keep(given: readonly Change[]): void {
    const known = new Map<string, Change>()
    for (const one of [...this.#seen.changes, ...this.#seen.probes, ...given]) known.set(`${one.runId} ${one.seq}`, one)
    const all = settled([...known.values()].sort((a, b) => b.atMs - a.atMs || b.seq - a.seq))
    const isProbe = ({ kind }: Change): boolean => kind === 'probe'
    const changes = all.filter((one) => !isProbe(one)).slice(0, CHANGES_MAX)
    this.#set({ changes, probes: all.filter(isProbe).slice(0, CHANGES_MAX) })
  }

  async #witnesses(): Promise<void> {
    if (this.#seen.state?.reflex == null) return
    const { witnesses } = await this.#ask<{ witnesses: WitnessState[] }>('witnesses')
    this.#set({ witnesses: witnesses.reverse() })
  }

  async #ask<T>(path: string): Promise<T> {
    return tame(await this.#client.get<T>(`api/v1${path === '' ? '' : `/${path}`}`))
  }

  #opened(): void {
    this.#wasLive = true
    this.#set({ connection: { is: 'live' } })
    void this.refresh(true)
  }

  #event(name: string, data: unknown): void {
    if (name === 'state') {
      const first = this.#seen.state === null
      this.#set({ state: tame(data as State) })
      if (first) void this.refresh(true)
    } else if (name === 'change') {
      const change = tame(data as Change)
      if (change.tuner === this.tuner?.name) this.#keep([change])
      // What it took back has another standing now.
      if (change.type === 'rolledBack') this.#later()
    } else if (name !== 'hello') this.#later()
  }

  #later(): void {
    this.#gather ??= setTimeout(() => {
      this.#gather = undefined
      void this.refresh(true)
    }, GATHER_MS)
  }

  #lost(why: Refused, retryMs: number | undefined): void {
    const said = clean(why.message)
    if (retryMs === undefined) this.#set({ connection: { is: 'denied', why: said } })
    else this.#set({ connection: { is: 'lost', why: said, retryAtMs: wallTimeMs() + retryMs } })
  }

  #set(part: Partial<Seen>): void {
    this.#seen = { ...this.#seen, ...part }
    this.#changed()
  }
}

export const pathOf = (tuner: string): string => `tuners/${encodeURIComponent(tuner)}`

/** What drives a terminal, or turns the direction of what follows. */
const DRIVING = /\p{Cc}|[\u202a-\u202e\u2066-\u2069]/u

/** The same value without control sequences in any text of it. */
export function tame<T>(value: T): T {
  if (typeof value === 'string')
    return (DRIVING.test(value) ? clean(value).replace(/[\u202a-\u202e\u2066-\u2069]/g, '') : value) as T
  if (Array.isArray(value)) return value.map(tame) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [tame(key), tame(one)])) as T
}
