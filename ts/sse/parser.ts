/** Server-sent events out of the body of an answer. */

/** A body as text, piece by piece until it ends; gives up where the signal says so. */
export async function readText(answer: Response, told: (text: string) => void, signal?: AbortSignal): Promise<void> {
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader()
  const stop = (): void => void reader.cancel().catch(() => {})
  signal?.addEventListener('abort', stop, { once: true })
  const decoder = new TextDecoder()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      told(decoder.decode(value, { stream: true }))
    }
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}

/** Server-sent events out of text in pieces of any size. What is no JSON is left out. */
export class EventParser {
  readonly #told: (name: string, data: unknown, id: string) => void
  #rest = ''
  #name = ''
  #data: string[] = []
  #id = ''

  constructor(told: (name: string, data: unknown, id: string) => void) {
    this.#told = told
  }

  push(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() as string
    for (const line of lines) this.#line(line.endsWith('\r') ? line.slice(0, -1) : line)
  }

  #line(line: string): void {
    if (line === '') {
      this.#end()
      return
    }
    const colon = line.indexOf(':')
    if (colon === 0) return
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1))
    if (field === 'event') this.#name = value
    else if (field === 'data') this.#data.push(value)
    else if (field === 'id') this.#id = value
  }

  #end(): void {
    const [name, data] = [this.#name, this.#data]
    this.#name = ''
    this.#data = []
    if (data.length === 0) return
    try {
      this.#told(name, JSON.parse(data.join('\n')), this.#id)
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
    }
  }
}
