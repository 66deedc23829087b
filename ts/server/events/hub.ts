/**
 * Live events for many readers, each with a bounded buffer.
 *
 * Everything that happens once has a number and is kept for a while, so that a reader who comes back with `Last-Event-ID` misses
 * nothing, or is told by a `reset` event that it did and has to ask for the state again. The present state has no number: of several
 * that a slow reader could not take yet, only the last one counts.
 *
 * A reader that takes nothing any more, such as a tab that was stopped or a machine that is gone, loses its place.
 */
export interface HubOptions {
  /** Events that are kept for readers who come back. */
  readonly keep: number
  readonly readersMax: number
  /** Events and characters that wait for one reader. */
  readonly waitingMax: number
  readonly charactersMax: number
  readonly heartbeatMs: number
  /** How often the state is told. */
  readonly stateMs: number
}

export const HUB_DEFAULTS: HubOptions = {
  keep: 2048,
  readersMax: 64,
  waitingMax: 2048,
  charactersMax: 1 << 20,
  heartbeatMs: 15_000,
  stateMs: 1000,
}

/** Heartbeats without anything taken, while something waits, until a reader counts as gone. */
const IDLE_BEATS = 4

interface Event {
  readonly number: number
  readonly text: string
}

export class Hub {
  readonly #options: HubOptions
  /** Numbers of an earlier process mean nothing here. */
  readonly #epoch: string
  readonly #state: () => Promise<unknown>
  readonly #kept: Event[] = []
  readonly #readers = new Set<Reader>()
  #number = 0
  #stateTimer: ReturnType<typeof setInterval> | undefined
  #heartbeat: ReturnType<typeof setInterval> | undefined
  #telling = false

  constructor(options: HubOptions, epoch: string, state: () => Promise<unknown>) {
    this.#options = options
    this.#epoch = epoch
    this.#state = state
  }

  get readers(): number {
    return this.#readers.size
  }

  get full(): boolean {
    return this.#readers.size >= this.#options.readersMax
  }

  /** Something happened. */
  tell(event: string, data: unknown): void {
    const number = ++this.#number
    const text = `id: ${this.#epoch}.${number}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`
    this.#kept.push({ number, text })
    if (this.#kept.length > this.#options.keep) this.#kept.shift()
    for (const reader of this.#readers) reader.give(text)
  }

  /** A new reader. `lastId` is what it saw last; `allowed` is asked at every heartbeat. */
  read(lastId: string | null, allowed: () => boolean): ReadableStream<Uint8Array> {
    const reader = new Reader(this.#options, allowed, () => this.#leave(reader))
    this.#readers.add(reader)
    reader.give('retry: 2000\n\n')
    if (lastId !== null && lastId !== '') this.#resume(reader, lastId)
    else reader.give(`id: ${this.#epoch}.${this.#number}\nevent: hello\ndata: {}\n\n`)
    this.#start()
    void this.#tellState()
    return reader.stream
  }

  #resume(reader: Reader, lastId: string): void {
    const [epoch, number] = lastId.split('.')
    const last = /^\d{1,15}$/.test(number ?? '') ? Number(number) : Number.NaN
    const first = this.#kept[0]?.number ?? this.#number + 1
    if (epoch !== this.#epoch || !(last >= first - 1 && last <= this.#number)) {
      reader.give(`id: ${this.#epoch}.${this.#number}\nevent: reset\ndata: {"reason":"unknown-id"}\n\n`)
      return
    }
    for (const event of this.#kept) if (event.number > last) reader.give(event.text)
  }

  #start(): void {
    this.#stateTimer ??= unref(setInterval(() => void this.#tellState(), this.#options.stateMs))
    this.#heartbeat ??= unref(setInterval(() => this.beat(), this.#options.heartbeatMs))
  }

  #leave(reader: Reader): void {
    this.#readers.delete(reader)
    if (this.#readers.size === 0) this.#stop()
  }

  #stop(): void {
    clearInterval(this.#stateTimer)
    clearInterval(this.#heartbeat)
    this.#stateTimer = undefined
    this.#heartbeat = undefined
  }

  /** Who is not allowed any more is sent away. */
  review(): void {
    for (const reader of [...this.#readers]) reader.review()
  }

  /** A sign of life to everybody, and a review. */
  beat(): void {
    for (const reader of [...this.#readers]) reader.beat()
  }

  async #tellState(): Promise<void> {
    if (this.#telling) return
    this.#telling = true
    try {
      const text = `event: state\ndata: ${JSON.stringify(await this.#state())}\n\n`
      for (const reader of this.#readers) reader.giveState(text)
    } catch {
      // What cannot be told now is told the next time.
    } finally {
      this.#telling = false
    }
  }

  close(): void {
    this.#stop()
    for (const reader of [...this.#readers]) reader.end()
  }
}

const encoder = new TextEncoder()

class Reader {
  readonly stream: ReadableStream<Uint8Array>
  readonly #options: HubOptions
  readonly #allowed: () => boolean
  readonly #left: () => void
  readonly #waiting: string[] = []
  #controller!: ReadableStreamDefaultController<Uint8Array>
  #characters = 0
  #lost = 0
  #state: string | undefined
  #taken = true
  #idleBeats = 0
  #ended = false

  constructor(options: HubOptions, allowed: () => boolean, left: () => void) {
    this.#options = options
    this.#allowed = allowed
    this.#left = left
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        pull: () => {
          this.#taken = true
          this.#flush()
        },
        cancel: () => this.end(),
      },
      { highWaterMark: 4 },
    )
  }

  give(text: string): void {
    if (this.#ended) return
    this.#waiting.push(text)
    this.#characters += text.length
    if (this.#waiting.length > this.#options.waitingMax || this.#characters > this.#options.charactersMax) {
      this.#lost += this.#waiting.length
      this.#waiting.length = 0
      this.#characters = 0
    }
    this.#flush()
  }

  giveState(text: string): void {
    if (this.#ended) return
    this.#state = text
    this.#flush()
  }

  review(): void {
    if (!this.#allowed()) this.end()
  }

  beat(): void {
    this.review()
    if (this.#ended) return
    const full = (this.#controller.desiredSize ?? 0) <= 0
    this.#idleBeats = full && !this.#taken ? this.#idleBeats + 1 : 0
    this.#taken = false
    if (this.#idleBeats >= IDLE_BEATS) this.#giveUp()
    else if (this.#waiting.length === 0) this.give(': still here\n\n')
  }

  #flush(): void {
    while (!this.#ended && (this.#controller.desiredSize ?? 0) > 0) {
      const text = this.#next()
      if (text === undefined) return
      this.#controller.enqueue(encoder.encode(text))
    }
  }

  #next(): string | undefined {
    if (this.#lost > 0) {
      const text = `event: reset\ndata: {"reason":"too-slow","lost":${this.#lost}}\n\n`
      this.#lost = 0
      return text
    }
    const text = this.#waiting.shift()
    if (text !== undefined) {
      this.#characters -= text.length
      return text
    }
    const state = this.#state
    this.#state = undefined
    return state
  }

  /** What waits would never be taken: it is not waited for. */
  #giveUp(): void {
    this.#ended = true
    this.#left()
    this.#controller.error(new Error('the reader takes nothing'))
  }

  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#left()
    try {
      this.#controller.close()
    } catch {
      // Cancelled by its reader: closed already.
    }
  }
}

function unref<T>(timer: T): T {
  ;(timer as { unref?: () => void }).unref?.()
  return timer
}
