import type { SecondReport } from './load/tally.js'
import type { ServiceFinal } from './messages.js'
import { type InstanceSpec, run } from './run.js'
import { ensureTemplate } from './service/template.js'

/** One run that a bench asks for, over the process's channel. */
export interface Experiment {
  readonly template: string
  readonly folder: string
  readonly seconds: number
  readonly seed: number
  readonly instances: readonly InstanceSpec[]
}

export type ExperimentAnswer =
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
  process.on('message', (experiment: Experiment) => {
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
