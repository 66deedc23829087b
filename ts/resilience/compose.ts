/**
 * Policies around each other, the first one outermost.
 */
import { invalid } from '../errors.js'
import type { Call } from './call.js'
import type { Next } from './leaf.js'
import type { Outcome } from './outcome.js'
import { Policy } from './policy.js'

class Composed extends Policy {
  readonly #policies: readonly Policy[]

  constructor(policies: readonly Policy[]) {
    super()
    this.#policies = policies
  }

  override around(next: Next): Next {
    return this.#policies.reduceRight((inner, policy) => policy.around(inner), next)
  }

  run(next: Next, call: Call): Promise<Outcome<unknown>> {
    return this.around(next)(call)
  }
}

/** Several policies as one: `compose(retry(), breaker(), timeout('1s'))` retries calls that the breaker admits and that take 1 s each. */
export function compose(...policies: readonly Policy[]): Policy {
  for (const [i, policy] of policies.entries()) {
    if (!(policy instanceof Policy)) throw invalid(`policies[${i}]`, 'a policy, such as retry() or timeout()', policy)
  }
  return new Composed(policies)
}
