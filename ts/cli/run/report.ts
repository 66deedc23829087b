/**
 * What a run says while it goes: a bar on a terminal, lines elsewhere, JSON Lines on request.
 */
import { duration, number, params } from '../ui/format.js'
import type { Out } from '../ui/out.js'
import { ProgressBar } from '../ui/progress.js'
import { clean, shorten } from '../ui/terminal.js'
import type { Ended } from './loop.js'
import type { Job } from './session.js'

export interface Progress {
  /** Trials of the study that are done, and may be done in all. */
  readonly done: number
  readonly budget: number
  readonly running: number
  readonly failed: number
  readonly best: { readonly trial: number; readonly value: number } | undefined
}

export interface Report {
  started(job: Job): void
  retried(job: Job, reason: string): void
  ended(ended: Ended, progress: Progress, improved: boolean): void
  /** A line that the script printed. */
  output(trial: number, line: string): void
  warn(text: string): void
  progress(progress: Progress): void
  close(): void
}

export function reportTo(out: Out): Report {
  if (out.json) return jsonReport(out)
  return out.live ? new LiveReport(out) : lineReport(out)
}

function endText({ job, state, value, reason, ms }: Ended): string {
  const took = duration(ms)
  if (state === 'failed') return `trial ${job.trial} failed: ${clean(reason)} (${took})`
  return `trial ${job.trial}: ${number(value)}  ${params(job.params)}  (${took})`
}

function notFinite({ job, value }: Ended): string {
  return `trial ${job.trial} gave ${value}, which counts as the worst value seen`
}

function jsonReport(out: Out): Report {
  return {
    started: () => {},
    retried: (job, reason) => out.object({ event: 'retry', trial: job.trial, reason }),
    ended: ({ job, state, value, reason, ms, late }, { done, budget, best }) => {
      const said = state === 'failed' ? { reason } : { value: Number.isFinite(value) ? value : null }
      const more = {
        ...(late ? { late } : {}),
        ...(state === 'complete' && !Number.isFinite(value) ? { replaced: String(value) } : {}),
      }
      out.object({
        event: 'trial',
        trial: job.trial,
        state,
        params: job.params,
        ...said,
        ...more,
        ms: Math.round(ms),
        done,
        budget,
        best: best ?? null,
      })
    },
    output: (trial, line) => out.object({ event: 'output', trial, line }),
    warn: (text) => out.warn(text),
    progress: () => {},
    close: () => {},
  }
}

function lineReport(out: Out): Report {
  return {
    started: () => {},
    retried: (job, reason) => out.note(`trial ${job.trial} failed: ${clean(reason)}; trying again`),
    ended(ended, { done, budget, best }) {
      const place = Number.isFinite(budget) ? `[${done}/${budget}]` : `[${done}]`
      const standing = best === undefined ? '' : `  best ${number(best.value)} (trial ${best.trial})`
      out.note(`${place} ${endText(ended)}${standing}`)
      if (ended.state === 'complete' && !Number.isFinite(ended.value)) out.warn(notFinite(ended))
    },
    output: (trial, line) => out.note(`[${trial}] ${clean(line)}`),
    warn: (text) => out.warn(text),
    progress: () => {},
    close: () => {},
  }
}

/** Above the bar: improvements and what went wrong. */
class LiveReport implements Report {
  readonly #out: Out
  readonly #bar: ProgressBar

  constructor(out: Out) {
    this.#out = out
    this.#bar = new ProgressBar(out)
  }

  started(): void {}

  retried(job: Job, reason: string): void {
    this.#say(`trial ${job.trial} failed: ${clean(reason)}; trying again`, 'yellow')
  }

  ended(ended: Ended, progress: Progress, improved: boolean): void {
    if (ended.state === 'failed') this.#say(endText(ended), 'red')
    else if (!Number.isFinite(ended.value)) this.#say(notFinite(ended), 'yellow')
    else if (improved) this.#say(endText(ended), 'green')
    this.#bar.update(progress)
  }

  output(trial: number, line: string): void {
    this.#bar.above(this.#cut(`[${trial}] ${clean(line)}`))
  }

  warn(text: string): void {
    this.#say(text, 'yellow')
  }

  progress(progress: Progress): void {
    this.#bar.update(progress)
  }

  close(): void {
    this.#bar.close()
  }

  #say(text: string, colour: 'red' | 'green' | 'yellow'): void {
    this.#bar.above(this.#out.noteStyle[colour](this.#cut(text)))
  }

  #cut(text: string): string {
    return shorten(text, this.#out.noteColumns - 1)
  }
}
