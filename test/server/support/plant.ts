/** A tuner and a reflex as an application has them, with something to see. */
import { onTestFinished } from 'vitest'
import { queue, scheduler } from '../../../ts/entries/flow/node.js'
import { type Reflex, reflex } from '../../../ts/entries/resilience/node.js'
import type { ServerOptions } from '../../../ts/entries/server/node.js'
import { cacheTuner, window } from '../../support/tuners.js'

export const TOKENS = {
  reader: 'reader-token-000000000000',
  operator: 'operator-token-0000000000',
  other: 'other-operator-token-00000',
}
export const tokens = [
  { name: 'grafana', role: 'read', token: TOKENS.reader },
  { name: 'ada', role: 'operate', token: TOKENS.operator },
  { name: 'bob', role: 'operate', token: TOKENS.other },
] as const

export type Plant = Awaited<ReturnType<typeof plant>>

/** `windows`: how long the tuner has run already. */
export async function plant(windows = 0, more: object = {}) {
  const { tuner, clock } = await cacheTuner(more)
  const pass = (n: number, miss?: number): void => {
    for (let i = 0; i < n; i++) window(tuner, clock, miss)
  }
  pass(windows)
  const watching: Reflex = reflex({ tick: 'manual', seed: 1 })
  const database = watching.component('database')
  for (let i = 0; i < 30; i++) database.succeed(database.tryAcquire())
  const mail = queue<number>({ depth: 10 })
  mail.enqueue(1)
  const jobs = scheduler({ concurrency: 2 })
  onTestFinished(async () => {
    await tuner.close()
    await watching.close()
    mail.close()
    jobs.close()
  })
  const options: ServerOptions = { tuners: [tuner], reflex: watching, queues: { mail, jobs } }
  return { tuner, clock, pass, watching, database, mail, jobs, options }
}
