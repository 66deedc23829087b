/**
 * A small seeded generator (splitmix32): every process that is given the same seed derives the same traffic.
 * Streams are split by name, so that drawing more from one never shifts another.
 */
export type Random = () => number

export function random(seed: number, stream: string): Random {
  let state = seed >>> 0
  for (let i = 0; i < stream.length; i++) state = Math.imul(state ^ stream.charCodeAt(i), 0x9e3779b1) >>> 0
  return () => {
    state = (state + 0x9e3779b9) >>> 0
    let z = state
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return ((z ^ (z >>> 15)) >>> 0) / 4294967296
  }
}

/** Time to the next event of a Poisson process, in seconds. */
export function exponential(uniform: Random, ratePerSecond: number): number {
  return -Math.log(1 - uniform()) / ratePerSecond
}
