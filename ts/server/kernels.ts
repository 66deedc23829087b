/**
 * Kernels of a forge as a part of the state, which the page shows as a table: `sections: { kernels: kernels(f, { scores, norms }) }`. Who
 * answers, how far its proof is, which schedules they are, and how much faster than the processor.
 */

/** As much of `kernel.stats()` as is shown. */
interface Stats {
  readonly runs: number
  readonly rejections: number
  readonly answers: 'device' | 'cpu'
  readonly schedules: readonly string[]
  readonly medianMs: number
}
export interface ShownKernel {
  readonly hash: string
  stats(): Stats
}
interface StepLike {
  readonly blueprint: string | undefined
  readonly schedules: readonly string[]
  readonly ratio: number | undefined
  readonly worstError: number | undefined
  readonly reason: string | undefined
}
/** A forge of `homeostat/forge`. */
export interface ShownForge {
  on(type: never, listener: (event: never) => void): () => void
}

export interface KernelRow {
  readonly kernel: string
  /** `processor`; `probation` until a promoted one answered long enough, then `active`; `quarantined` once it was wrong. */
  readonly lifecycle: string
  readonly tags: readonly string[]
  /** Over the processor: the product of what each promotion was measured to be worth. Null where that is not known. */
  readonly 'speed-up': number | null
  readonly runs: number
  readonly 'median ms': number | null
  /** Candidates that nobody saw an answer of. */
  readonly rejected: number
  readonly 'max error': number | null
  readonly 'last step': string
}

const STEPS = [
  ...['queued', 'shed', 'compiling', 'measured', 'proven', 'validated', 'rejected', 'refused', 'promoted', 'kept'],
  ...['demoted', 'quarantined', 'rolledBack', 'settled'],
] as const

class Life {
  lifecycle = 'processor'
  last = ''
  worstError: number | undefined
  #current = ''
  /** What answered before, by schedules. */
  readonly #before = new Map<string, string>()
  /** Undefined: not known. By schedules; none are the processor. */
  readonly #speed = new Map<string, number | undefined>([['', 1]])

  take(step: string, { schedules, ratio, worstError, reason }: StepLike): void {
    this.last = reason === undefined ? step : `${step}: ${reason}`
    if (step === 'promoted') {
      const before = this.#speed.get(this.#current)
      this.#before.set(keyOf(schedules), this.#current)
      this.#current = keyOf(schedules)
      this.#speed.set(this.#current, ratio === undefined || before === undefined ? undefined : before / ratio)
      this.worstError = worstError
      this.lifecycle = 'probation'
    } else if (step === 'kept') this.lifecycle = 'active'
    else if (step === 'demoted' || step === 'quarantined') this.lifecycle = step
    else if (step === 'rolledBack') {
      this.#current = this.#before.get(this.#current) ?? ''
      if (this.lifecycle === 'probation') this.lifecycle = 'rolled back'
    }
  }

  /** What answers now says more than what was told last. */
  row(kernel: string, { runs, rejections, answers, schedules, medianMs }: Stats): KernelRow {
    const device = answers === 'device'
    this.#current = device ? keyOf(schedules) : ''
    const known = ['probation', 'active'].includes(this.lifecycle)
    const lifecycle = device ? (known ? this.lifecycle : 'active') : known ? 'processor' : this.lifecycle
    return {
      kernel,
      lifecycle,
      tags: device ? schedules : ['processor'],
      'speed-up': this.#speed.get(this.#current) ?? null,
      runs,
      'median ms': finite(medianMs),
      rejected: rejections,
      'max error': device ? finite(this.worstError) : null,
      'last step': this.last,
    }
  }
}

const keyOf = (schedules: readonly string[]): string => schedules.join('\n')
const finite = (value: number | undefined): number | null =>
  value !== undefined && Number.isFinite(value) ? value : null

/** Follows the forge from now on. @param named kernels by the names that people know them by */
export function kernels(
  forge: ShownForge,
  named: Readonly<Record<string, ShownKernel>> | (() => Readonly<Record<string, ShownKernel>>),
): () => KernelRow[] {
  const lives = new Map<string, Life>()
  const lifeOf = (hash: string): Life => {
    const life = lives.get(hash) ?? new Life()
    lives.set(hash, life)
    return life
  }
  for (const step of STEPS)
    forge.on(
      step as never,
      ((event: StepLike) => {
        if (event.blueprint !== undefined) lifeOf(event.blueprint).take(step, event)
      }) as never,
    )
  return () => {
    const all = Object.entries(typeof named === 'function' ? named() : named)
    // Those that nobody shows any more are let go.
    const shown = new Set(all.map(([, { hash }]) => hash))
    for (const hash of lives.keys()) if (!shown.has(hash)) lives.delete(hash)
    return all.map(([name, kernel]) => lifeOf(kernel.hash).row(name, kernel.stats()))
  }
}
