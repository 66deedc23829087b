import { expect } from './checks.mjs'

/** The consumer's result out of a program's output, which must be all that it prints but for `expectedLines` on stderr. */
export function resultOf({ code, out, tail }) {
  const line = out.split('\n').find((text) => text.startsWith('RESULT '))
  expect(code === 0 && line, `ended with status ${code}: ${tail.slice(-6).join(' | ')}`)
  return JSON.parse(line.slice('RESULT '.length))
}

/** Every runtime and both bindings must agree to the bit; the first one that answers sets what the others are held to. */
export class Agreement {
  #first
  #forge

  /** @param early what the solver says of a use before `ready()`: runtimes that load at once are ready. */
  hold(name, result, binding, early = 'HOMEOSTAT_NOT_READY') {
    expect(result.binding === binding, `ran on the ${result.binding} binding, expected ${binding}`)
    expect(result.initial === 300_000, `initial TTL is ${result.initial} ms, expected 300000`)
    expect(result.moved && result.applied, 'the tuner never moved a knob')
    const { solver, solverNode } = result
    expect(solver.binding === binding, `the solver ran on the ${solver.binding} binding, expected ${binding}`)
    expect(solver.early === early, `used before ready(), the solver says ${solver.early}, expected ${early}`)
    expect(solver.resumed && solver.improved, `the solver found nothing, or did not resume: ${JSON.stringify(solver)}`)
    const { reflex, forge } = result
    // Where there are Node's modules its add-on is tried by a consumer of its own.
    if (forge !== undefined) this.holdForge(forge, 'wasm')
    // Its calls are made per request, for which WebAssembly is the faster way everywhere.
    expect(reflex.binding === 'wasm', `the reflex ran on the ${reflex.binding} binding, expected wasm`)
    expect(reflex.early === early, `used before ready(), the reflex says ${reflex.early}, expected ${early}`)
    expect(reflex.opened, `the breaker did not open: ${JSON.stringify(reflex)}`)
    if (early === 'ready') {
      const node = JSON.stringify(solverNode)
      expect(node === '{"kept":true,"done":"6 12 3","best":true}', `threads, processes or a study's file: ${node}`)
    }
    const facts = JSON.stringify({
      ttl: result.ttl,
      batch: result.batch,
      best: solver.best,
      next: solver.next,
      reflex: reflex.facts,
    })
    this.#first ??= { name, facts }
    expect(facts === this.#first.facts, `${facts} differs from ${this.#first.facts} of ${this.#first.name}`)
    return facts
  }

  /** What the forge computes on the processor. */
  holdForge(forge, binding) {
    expect(forge.binding === binding, `the forge ran on the ${forge.binding} binding, expected ${binding}`)
    this.#forge ??= forge.facts
    expect(forge.facts === this.#forge, `the forge says ${forge.facts}, elsewhere ${this.#forge}`)
    return forge.facts
  }
}
