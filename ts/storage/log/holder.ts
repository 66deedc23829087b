/** Who writes a log, and how others see whether it lives. */

export interface Holder {
  /** Tells stores apart, also within a process. */
  readonly id: string
  /** Where the process runs, in words that are equal only where its id means the same; undefined where nothing tells. */
  readonly place?: string
  readonly pid?: number
  readonly started?: string | null
}

export interface Self {
  readonly holder: Holder
  /** Whether another holder lives: undefined where that cannot be seen from here. */
  isAlive(other: Holder): boolean | undefined
}

/** For runtimes that cannot look at processes. */
export function anonymous(): Self {
  const holder = { id: crypto.randomUUID() }
  return { holder, isAlive: (other) => (other.id === holder.id ? true : undefined) }
}

/** What a store kept; what is unreadable is a holder that nobody knows. */
export function parseHolder(text: string): Holder {
  try {
    const holder = JSON.parse(text) as Holder
    if (typeof holder?.id === 'string') return holder
  } catch {}
  return { id: '' }
}
