/**
 * Parts of the state that the application adds. None of them can hold up or break what else is told: each is asked at the same time as the
 * others, has a bound of time and of size, and what it gives is made JSON by itself. One that throws, is late or is no JSON is shown as
 * its error; one that never answers is not asked again before it does.
 */

/** A part of the state; what throws is shown as its error. May be asynchronous. */
export type Section = () => unknown

/** How long one may take. */
const ANSWER_MS = 500
/** Characters of JSON. */
const TEXT_MAX = 1 << 20

type Shown = { readonly value: unknown } | { readonly error: string }

export class Sections {
  readonly #sections: ReadonlyMap<string, Section>
  readonly #answerMs: number
  /** Those that are being asked. */
  readonly #asked = new Map<string, Promise<Shown>>()

  constructor(sections: ReadonlyMap<string, Section>, answerMs = ANSWER_MS) {
    this.#sections = sections
    this.#answerMs = answerMs
  }

  get names(): string[] {
    return [...this.#sections.keys()]
  }

  async read(): Promise<Record<string, unknown>> {
    const late = new Error(`no answer within ${this.#answerMs} ms`)
    const shown = await Promise.all(
      [...this.#sections].map(([name, section]) => within(this.#answerMs, this.#ask(name, section), shownError(late))),
    )
    return Object.fromEntries(
      this.names.map((name, i) => {
        const one = shown[i] as Shown
        return [name, 'error' in one ? one : one.value]
      }),
    )
  }

  #ask(name: string, section: Section): Promise<Shown> {
    const asked = this.#asked.get(name)
    if (asked !== undefined) return asked
    const asking = answerOf(section).finally(() => this.#asked.delete(name))
    this.#asked.set(name, asking)
    return asking
  }
}

async function answerOf(section: Section): Promise<Shown> {
  try {
    const text = JSON.stringify((await section()) ?? null, figure) as string | undefined
    if (text === undefined) return shownError(new Error('it is no JSON'))
    if (text.length > TEXT_MAX) return shownError(new Error(`it has more than ${TEXT_MAX} characters of JSON`))
    return { value: JSON.parse(text) as unknown }
  } catch (error) {
    return shownError(error)
  }
}

/** Counts of databases are of a type that JSON does not have: numbers where they are exact as such, else digits. */
function figure(_key: string, value: unknown): unknown {
  if (typeof value !== 'bigint') return value
  return BigInt(Number(value)) === value && Number.isSafeInteger(Number(value)) ? Number(value) : value.toString()
}

function shownError(error: unknown): { readonly error: string } {
  try {
    return { error: error instanceof Error ? error.message : String(error) }
  } catch {
    return { error: 'it failed' }
  }
}

function within<T>(ms: number, work: Promise<T>, late: T): Promise<T> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(late), ms)
    void work.then((value) => {
      clearTimeout(timer)
      resolve(value)
    })
  })
}
