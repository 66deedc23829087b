import { setTimeout as sleep } from 'node:timers/promises'
import { random } from '../../load/random.js'
import { BOUNDS } from '../topology.js'

/** The database proxy: a bounded number of queries at once, the others wait in order. It never learns that it is stopped. */
export function makeDatabase(seed: number): (path: string) => Promise<string> {
  const draw = random(seed, 'database')
  const waiting: (() => void)[] = []
  let running = 0
  return async (path) => {
    if (running >= BOUNDS.queriesAtOnce) {
      if (waiting.length >= BOUNDS.queueMax) throw new Error('too many queries wait')
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else running++
    try {
      const [shortest, longest] = BOUNDS.queryMs
      await sleep(shortest + draw() * (longest - shortest))
      return `row of ${path}`
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }
}
