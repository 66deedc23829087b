/** How readers hold on to live events: by a scripted server and a clock that is moved by hand. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Change } from '../../ts/server/api/state.js'
import { settled } from '../../ts/sse/settled.js'
import { EventStream } from '../../ts/sse/stream.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** One question, which the test answers. */
class Question {
  readonly lastId: string
  readonly signal: AbortSignal
  readonly answer: Promise<Response>
  readonly body: Promise<void>
  #resolve: (answer: Response) => void = () => {}
  #reject: (error: unknown) => void = () => {}
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined
  #cancelled: () => void = () => {}

  constructor(lastId: string, signal: AbortSignal) {
    this.lastId = lastId
    this.signal = signal
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.body = new Promise((resolve) => {
      this.#cancelled = resolve
    })
    // As `fetch` does.
    signal.addEventListener('abort', () => this.refuse(signal.reason))
  }

  refuse(error: unknown): void {
    this.#reject(error)
  }

  /** A body that goes on until it is ended. */
  open(): this {
    const start = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
      this.#controller = controller
    }
    this.#resolve(new Response(new ReadableStream({ start, cancel: () => this.#cancelled() })))
    return this
  }

  say(text: string): this {
    this.#controller?.enqueue(new TextEncoder().encode(text))
    return this
  }

  end(): void {
    this.#controller?.close()
  }
}

class Denied extends Error {}

function reading() {
  const questions: Question[] = []
  const told: (readonly [string, ...unknown[]])[] = []
  const stream = new EventStream({
    ask: (lastId, signal) => {
      const question = new Question(lastId, signal)
      questions.push(question)
      return question.answer
    },
    denied: (error) => error instanceof Denied,
    open: () => told.push(['open']),
    event: (name, data) => told.push([name, data]),
    lost: (error, retryMs) => told.push(['lost', error instanceof Error ? error.message : error, retryMs]),
  })
  const last = (): Question => questions.at(-1) as Question
  return { stream, questions, told, last, pass: (ms: number) => vi.advanceTimersByTimeAsync(ms) }
}

test('comes back after 0.5, 1, 2, 4 and ever 5 s, and anew from 0.5 s once it heard something', async () => {
  const { stream, questions, told, last, pass } = reading()
  stream.restart()
  for (const [i, ms] of [500, 1000, 2000, 4000, 5000, 5000].entries()) {
    last().refuse(new Error('away'))
    await pass(0)
    expect(told.splice(0)).toEqual([['lost', 'away', ms]])
    await pass(ms - 1)
    expect(questions).toHaveLength(i + 1)
    await pass(1)
    expect(questions).toHaveLength(i + 2)
  }
  // An answer alone is no sign that it works.
  last().open()
  await pass(0)
  last().end()
  await pass(0)
  expect(told.splice(0)).toEqual([['open'], ['lost', undefined, 5000]])
  await pass(5000)
  last().open().say('data: 1\n\n').end()
  await pass(0)
  expect(told.splice(0)).toEqual([['open'], ['', 1], ['lost', undefined, 500]])
  stream.close()
})

test('asks for what came after the last event that had a number', async () => {
  const { stream, questions, last, pass } = reading()
  stream.restart()
  last().open().say('id: a-7\nevent: change\ndata: {}\n\nevent: state\ndata: {}\n\nid: a-8\nevent: change\nda').end()
  await pass(500)
  expect(questions.map(({ lastId }) => lastId)).toEqual(['', 'a-7'])
  last().refuse(new Error('away'))
  await pass(1000)
  // The half event of before is none of this connection's.
  last().open().say('ta: {}\n\nid: a-9\ndata: {}\n\n').end()
  await pass(500)
  expect(questions.map(({ lastId }) => lastId)).toEqual(['', 'a-7', 'a-7', 'a-9'])
  stream.close()
})

test('nothing for 45 s: nobody is there any more; a sign of life, which is no event, is one', async () => {
  const { stream, told, last, questions, pass } = reading()
  stream.restart()
  const first = last().open()
  await pass(44_999)
  first.say(': still here\n\n')
  await pass(44_999)
  expect(told).toEqual([['open']])
  await pass(1)
  await first.body
  expect(told).toEqual([['open'], ['lost', undefined, 500]])
  expect(first.signal.aborted).toBe(true)
  // Nor is it waited longer for an answer.
  await pass(500)
  await pass(45_000)
  expect(last().signal.aborted).toBe(true)
  expect(told.splice(2)).toEqual([['lost', expect.stringMatching(/abort/i), 1000]])
  expect(questions).toHaveLength(2)
  stream.close()
})

test('who is refused is not asked again, until somebody says so', async () => {
  const { stream, questions, told, last, pass } = reading()
  stream.restart()
  last().refuse(new Denied('no token'))
  await pass(60_000)
  expect(told).toEqual([['lost', 'no token', undefined]])
  stream.retry()
  await pass(60_000)
  expect(questions).toHaveLength(1)
  stream.restart()
  expect(questions).toHaveLength(2)
  stream.close()
})

test('`retry` cuts a wait short and leaves what goes on alone', async () => {
  const { stream, questions, told, last, pass } = reading()
  stream.restart()
  last().refuse(new Error('away'))
  await pass(100)
  stream.retry()
  expect(questions).toHaveLength(2)
  last().open()
  await pass(0)
  stream.retry()
  await pass(10_000)
  expect(questions).toHaveLength(2)
  expect(told).toEqual([['lost', 'away', 500], ['open']])
  stream.close()
})

test('`restart` and `close` end what there was, which then says nothing more', async () => {
  const { stream, questions, told, last, pass } = reading()
  stream.restart()
  const first = last().open()
  await pass(0)
  stream.restart()
  expect(first.signal.aborted).toBe(true)
  await first.body
  last().open().say('data: 2\n\n')
  await pass(0)
  expect(told.splice(0)).toEqual([['open'], ['open'], ['', 2]])
  stream.close()
  await pass(60_000)
  expect([told, questions.length]).toEqual([[], 2])
  expect(last().signal.aborted).toBe(true)
  stream.restart()
  last().refuse(new Error('away'))
  await pass(10)
  stream.close()
  await pass(60_000)
  expect(questions).toHaveLength(3)
})

test('a question that was asked before is taken over, and the next one is its own', async () => {
  const { stream, questions, told, last, pass } = reading()
  const stop = new AbortController()
  const early = new Question('', stop.signal)
  stream.restart({ answer: early.answer, stop })
  early.open().say('id: e-1\ndata: 1\n\n')
  await pass(0)
  expect([questions.length, told]).toEqual([0, [['open'], ['', 1]]])
  early.end()
  await pass(500)
  expect(last().lastId).toBe('e-1')
  stream.close()
})

test('a reader that throws loses the connection, not the stream', async () => {
  const questions: Question[] = []
  const told: unknown[] = []
  const stream = new EventStream({
    ask: (lastId, signal) => {
      questions.push(new Question(lastId, signal))
      return (questions.at(-1) as Question).answer
    },
    denied: () => false,
    open: () => {},
    event: () => {
      throw new Error('reader')
    },
    lost: (error, retryMs) => told.push([(error as Error).message, retryMs]),
  })
  stream.restart()
  questions[0]?.open().say('id: 1\ndata: 1\n\n')
  await vi.advanceTimersByTimeAsync(500)
  expect(told).toEqual([['reader', 500]])
  expect(questions.map(({ lastId }) => lastId)).toEqual(['', '1'])
  stream.close()
})

test('of changes of values only the newest is live', () => {
  const one = (seq: number, standing: Change['standing']) => ({ seq, standing }) as Change
  const all = [one(5, null), one(4, 'live'), one(3, 'rolled-back'), one(2, 'live'), one(1, 'superseded')]
  expect(settled(all).map(({ standing }) => standing)).toEqual([
    null,
    'live',
    'rolled-back',
    'superseded',
    'superseded',
  ])
  expect(settled(all)[1]).toBe(all[1])
})
