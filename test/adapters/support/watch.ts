import { afterEach } from 'vitest'
import { type Reflex, type ReflexOptions, reflex } from '../../../ts/entries/resilience/node.js'

const open: Reflex[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

/** A reflex whose time passes by hand, closed after the test. */
export function watching(options: ReflexOptions = {}): Reflex {
  const one = reflex({ tick: 'manual', seed: 1, ...options })
  open.push(one)
  return one
}

/** Three components fail together: from here on load is shed. */
export function inCascade(): Reflex {
  const one = watching({ cascade: { minimumCalls: 5 }, breaker: { failureRate: false } })
  const three = ['orders', 'users', 'database'].map((name) => one.component(name))
  for (let i = 0; i < 10; i++) for (const component of three) component.fail(component.tryAcquire())
  one.tick()
  return one
}

/** What a component's report says of it; the events are drained first. */
export function reportOf(one: Reflex, name: string) {
  return one.health().componentStates.find(({ component }) => component === name)
}

/** Waits for what a response's end brings about on the other side of a connection. */
export async function until(holds: () => boolean, withinMs = 60_000): Promise<void> {
  const endMs = performance.now() + withinMs
  while (!holds()) {
    if (performance.now() > endMs) throw new Error('it did not come to that')
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
