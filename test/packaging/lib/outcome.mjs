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

  hold(name, result, binding) {
    expect(result.binding === binding, `ran on the ${result.binding} binding, expected ${binding}`)
    expect(result.initial === 300_000, `initial TTL is ${result.initial} ms, expected 300000`)
    expect(result.moved && result.applied, 'the tuner never moved a knob')
    const facts = JSON.stringify({ ttl: result.ttl, batch: result.batch })
    this.#first ??= { name, facts }
    expect(facts === this.#first.facts, `${facts} differs from ${this.#first.facts} of ${this.#first.name}`)
    return facts
  }
}
