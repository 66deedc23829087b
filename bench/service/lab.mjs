import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { byPhase } from './phases.mjs'

const MAIN = fileURLToPath(new URL('../../out/demo/main.js', import.meta.url))
const CACHE = fileURLToPath(new URL('../../.cache/demo', import.meta.url))
/** Instances driven at once. Four take about half of two cores. */
export const AT_ONCE = 4

/** A run whose loader was later than this (p99) measures other programs; it is repeated once. */
const LATE_MS = 40

/** Runs experiments in a process of the demonstration, one after another. */
export class Lab {
  #child = fork(MAIN, ['--role=experiment'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })

  async run(instances, seconds, seed) {
    const template = `${CACHE}/catalog-1-20000.tar`
    const experiment = { template, folder: `${CACHE}/journal`, seconds, seed, instances }
    const answer = await this.#ask(experiment)
    if (answer.lagP99Ms <= LATE_MS) return answer
    console.log(`(the loader was ${answer.lagP99Ms.toFixed(0)} ms late, p99: other programs are busy; once more)`)
    const again = await this.#ask(experiment)
    return again.lagP99Ms < answer.lagP99Ms ? again : answer
  }

  async #ask(experiment) {
    const answer = await new Promise((resolve, reject) => {
      this.#child.once('message', resolve)
      this.#child.once('exit', (code) => reject(new Error(`the experiments ended with status ${code}`)))
      this.#child.send(experiment)
    })
    this.#child.removeAllListeners()
    if (!answer.ok) throw new Error(answer.message)
    return answer
  }

  /** Cost per second at fixed TTLs and under the tuner in virtual time: the TTL's part alone, without a service. */
  virtual(ttlsMs, seconds, seed) {
    return this.#ask({ ttlsMs, seconds, seed })
  }

  /** Every one of these settings, a few at once, each printed as a line. */
  async settings(all, seconds, seed) {
    const measured = []
    for (let i = 0; i < all.length; i += AT_ONCE) {
      const some = all.slice(i, i + AT_ONCE)
      const instances = some.map((settings) => ({ name: label(settings), variant: 'static', settings }))
      const answer = await this.run(instances, seconds, seed)
      for (const [k, settings] of some.entries()) {
        const { cost, p99Ms, missRate, staleRate, errorRate } = answer.totals[k]
        const phases = byPhase(answer.perSecond, k, seconds)
        const { databaseQueries } = answer.finals[k]
        measured.push({
          settings,
          cost,
          p99Ms,
          missRate,
          staleRate,
          errorRate,
          databaseQueries,
          phases,
          lagP99Ms: answer.lagP99Ms,
        })
        console.log(
          `${label(settings).padEnd(26)}${phases.map((value) => value.toFixed(2).padStart(10)).join('')}${cost.toFixed(2).padStart(9)}`,
        )
      }
    }
    return measured
  }

  close() {
    if (this.#child.connected) this.#child.disconnect()
  }
}

/** Settings in words; what is not named stands at its default. */
export function label({ ttlMs, lingerMs, inFlight, batchSize }) {
  const parts = [
    ttlMs !== undefined && `TTL ${ttlMs / 1000} s`,
    lingerMs !== undefined && `linger ${lingerMs} ms`,
    inFlight !== undefined && `in flight ${inFlight}`,
    batchSize !== undefined && `batch ${batchSize}`,
  ].filter(Boolean)
  return parts.length === 0 ? 'defaults' : parts.join(', ')
}
