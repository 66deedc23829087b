import { buildSchedule } from './load/schedule.js'
import type { SecondReport } from './load/tally.js'
import { virtualCosts } from './load/virtual.js'
import { virtualTuned } from './load/virtual-tuned.js'
import type { ServiceFinal } from './messages.js'
import { type InstanceSpec, run } from './run.js'
import { scenario } from './scenario.js'
import { ensureTemplate } from './service/template.js'

/** One run that a bench asks for, over the process's channel. */
export interface Experiment {
  readonly template: string
  readonly folder: string
  readonly seconds: number
  readonly seed: number
  readonly instances: readonly InstanceSpec[]
}

/** The same traffic at fixed TTLs in virtual time: the TTL's part of the cost, without a service. */
export interface VirtualExperiment {
  readonly ttlsMs: readonly number[]
  readonly seconds: number
  readonly seed: number
}

export type ExperimentAnswer =
  /** Cost per second, TTL by TTL, and under the tuner with the TTL it ends each second at. */
  | {
      readonly ok: true
      readonly virtual: readonly (readonly number[])[]
      readonly tuned: readonly number[]
      readonly tunedTtlsMs: readonly number[]
    }
  | {
      readonly ok: true
      readonly totals: readonly SecondReport[]
      readonly perSecond: readonly (readonly SecondReport[])[]
      readonly finals: readonly ServiceFinal[]
      readonly lagP99Ms: number
      readonly lagMs: readonly number[]
    }
  | { readonly ok: false; readonly message: string }

/** Runs experiments one after another for a bench, without any view. Ends with the bench. */
export function runExperiments(entry: URL): void {
  const stop = new AbortController()
  process.on('disconnect', () => stop.abort(new Error('the bench has ended')))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort(new Error(signal)))
  process.on('message', (experiment: Experiment | VirtualExperiment) => {
    if ('ttlsMs' in experiment) {
      const { ttlsMs, seconds, seed } = experiment
      const schedule = buildSchedule(scenario, seconds, seed)
      const virtual = ttlsMs.map((ttlMs) => [...virtualCosts(schedule, scenario.rows, ttlMs)])
      void virtualTuned(schedule, scenario.rows, seed).then(({ costs, ttlsMs: tunedTtlsMs }) => {
        process.send?.({
          ok: true,
          virtual,
          tuned: [...costs],
          tunedTtlsMs: [...tunedTtlsMs],
        } satisfies ExperimentAnswer)
      })
      return
    }
    ensureTemplate(entry, experiment.template)
      .then(() => run({ ...experiment, entry, signal: stop.signal }))
      .then(
        (result): ExperimentAnswer => ({ ok: true, ...result }),
        (error: unknown): ExperimentAnswer => ({ ok: false, message: String(error) }),
      )
      .then((answer) => {
        if (process.connected) process.send?.(answer)
        if (stop.signal.aborted) process.exit(1)
      })
  })
}
