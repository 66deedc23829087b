import { Agent, get } from 'node:http'
import { Child } from './children.js'
import { monotonicMs } from './clock.js'
import type { FixedSettings, FromService, ToService, Variant } from './messages.js'
import { REVALIDATE_SHARE } from './service/sampling.js'
import { ensureTemplate } from './service/template.js'

/** What the bench asks for. */
export interface OverheadRequest {
  readonly template: string
  readonly folder: string
  readonly pairs: number
  /** Length of one block, in ms. */
  readonly blockMs: number
  /** Steady pace; 0: as many as a few connections get answered. */
  readonly requestsPerSecond: number
}

export interface OverheadAnswer {
  /** CPU microseconds per request of the whole service process, block by block, in the order of {@link SERVICES}. */
  readonly services: readonly { readonly name: string; readonly cpuUs: readonly number[] }[]
}

/**
 * The same service three times: as it is, with sampled comparisons as the tuner needs them, and under a tuner that does all its
 * work but changes nothing. Were it to change the TTL, the services would differ in how often they ask the database.
 */
const SERVICES: readonly { name: string; variant: Variant; settings?: FixedSettings; mode?: 'recommend' }[] = [
  { name: 'bare', variant: 'static' },
  { name: 'sampling', variant: 'static', settings: { revalidateShare: REVALIDATE_SHARE } },
  { name: 'tuned', variant: 'tuned', mode: 'recommend' },
]

/** Rows that are asked for: so few that almost every request is a hit, and as cheap as a request can be. */
const ROWS = 20
const WARM_UP_BLOCKS = 12
const CONNECTIONS = 16

/** Blocks of steady load on one service after another, the order turning with every round. Answers over the channel. */
export async function runOverhead(entry: URL): Promise<void> {
  const request = await new Promise<OverheadRequest>((resolve) => process.once('message', resolve))
  process.on('disconnect', () => process.exit(1))
  await ensureTemplate(entry, request.template)
  const children = SERVICES.map(() => new Child<ToService, FromService>(entry, 'service'))
  try {
    const { template, folder } = request
    const ports: number[] = []
    for (const [i, { variant, settings, mode }] of SERVICES.entries()) {
      const ready = children[i]?.next('ready', 60_000)
      children[i]?.send({
        type: 'open',
        variant,
        template,
        folder,
        port: 0,
        seed: 1,
        ...(settings && { settings }),
        ...(mode && { mode }),
      })
      ports.push((await ready)?.port ?? 0)
    }
    const agent = new Agent({ keepAlive: true, maxSockets: 64 })
    const cpuUs: number[][] = SERVICES.map(() => [])
    for (let round = -WARM_UP_BLOCKS; round < request.pairs; round++) {
      for (let k = 0; k < SERVICES.length; k++) {
        const i = (((round + k) % SERVICES.length) + SERVICES.length) % SERVICES.length
        const used = await block(children[i] as Child<ToService, FromService>, agent, ports[i] as number, request)
        if (round >= 0) cpuUs[i]?.push(used)
      }
    }
    agent.destroy()
    process.send?.({
      services: SERVICES.map(({ name }, i) => ({ name, cpuUs: cpuUs[i] as number[] })),
    } satisfies OverheadAnswer)
  } finally {
    await Promise.all(children.map((child) => child.end()))
    if (process.connected) process.disconnect()
  }
}

/** One block of load. @returns CPU microseconds of the service per request */
async function block(
  service: Child<ToService, FromService>,
  agent: Agent,
  port: number,
  { blockMs, requestsPerSecond }: OverheadRequest,
): Promise<number> {
  const before = await cpuMs(service)
  const count = await (requestsPerSecond === 0
    ? saturate(agent, port, blockMs)
    : pace(agent, port, blockMs, requestsPerSecond))
  return (((await cpuMs(service)) - before) * 1000) / count
}

/** Closed loop: every connection asks again as soon as it is answered. @returns the number of requests */
async function saturate(agent: Agent, port: number, blockMs: number): Promise<number> {
  const endMs = monotonicMs() + blockMs
  let count = 0
  const connection = async (): Promise<void> => {
    while (monotonicMs() < endMs) await ask(agent, port, 1 + (count++ % ROWS))
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, connection))
  return count
}

/** Open loop at a steady pace. @returns the number of requests */
async function pace(agent: Agent, port: number, blockMs: number, requestsPerSecond: number): Promise<number> {
  const count = Math.round((blockMs / 1000) * requestsPerSecond)
  const startMs = monotonicMs()
  const answers: Promise<void>[] = []
  while (answers.length < count) {
    const due = Math.min(count, Math.ceil(((monotonicMs() - startMs) / 1000) * requestsPerSecond))
    while (answers.length < due) answers.push(ask(agent, port, 1 + (answers.length % ROWS)))
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await Promise.all(answers)
  return count
}

async function cpuMs(service: Child<ToService, FromService>): Promise<number> {
  const answer = service.next('cpu', 10_000)
  service.send({ type: 'cpu' })
  const { userMs, systemMs } = await answer
  return userMs + systemMs
}

function ask(agent: Agent, port: number, id: number): Promise<void> {
  return new Promise((resolve, reject) => {
    get({ agent, host: '127.0.0.1', port, path: `/item/${id}` }, (response) => {
      response.resume().on('end', resolve)
    }).on('error', reject)
  })
}
