/**
 * Deterministic plants: what a system would have shown under given settings, by formulas that everybody can check. The same seed
 * gives the same noise.
 */
import { invalid } from '../errors.js'
import { seededRandom } from './random.js'

function positive(option: string, value: number): number {
  if (!(Number.isFinite(value) && value > 0)) throw invalid(option, 'a finite number above 0', value)
  return value
}

export interface CachePlantOptions {
  /** Reads of each key per second. */
  readonly readsPerSecond: number
  /** Changes of each key per second. */
  readonly writesPerSecond: number
}

export interface CachePlant {
  /** Shares of reads that miss and that are served stale, at a TTL in milliseconds. */
  at(ttlMs: number): { readonly miss: number; readonly stale: number }
}

/**
 * A cache whose entries live for a TTL from their fetch on; reads and changes of a key are Poisson. Per life of an entry there is one
 * miss and `r T` hits, and a hit at age `a` is stale with the probability `1 - exp(-w a)`.
 */
export function cachePlant(options: CachePlantOptions): CachePlant {
  const reads = positive('cachePlant.readsPerSecond', options.readsPerSecond)
  const writes = positive('cachePlant.writesPerSecond', options.writesPerSecond)
  return {
    at(ttlMs) {
      const life = positive('ttlMs', ttlMs) / 1000
      const hits = reads * life
      const changes = writes * life
      return { miss: 1 / (1 + hits), stale: (hits / (1 + hits)) * (1 + Math.expm1(-changes) / changes) }
    },
  }
}

export interface PoolPlantOptions {
  readonly arrivalsPerSecond: number
  /** Time that a request takes by itself. */
  readonly serviceMs: number
  /** From so many at once on, each more slows all of them down: every request then takes `n / contention` times as long. */
  readonly contention: number
}

export interface PoolPlant {
  /** Mean latency in milliseconds with `size` places; infinite where they do not keep up. */
  latencyMs(size: number): number
}

/** A pool as an M/M/c queue, by Erlang's formula: too small a pool makes requests wait, too large a one slows them down. */
export function poolPlant(options: PoolPlantOptions): PoolPlant {
  const arrivals = positive('poolPlant.arrivalsPerSecond', options.arrivalsPerSecond)
  const service = positive('poolPlant.serviceMs', options.serviceMs)
  const contention = positive('poolPlant.contention', options.contention)
  return {
    latencyMs(size) {
      const places = Math.max(1, Math.round(positive('size', size)))
      const takes = service * Math.max(1, places / contention)
      const load = (arrivals * takes) / 1000
      if (load >= places) return Number.POSITIVE_INFINITY
      // Erlang B by its recursion, then C: the share that waits.
      let blocked = 1
      for (let n = 1; n <= places; n++) blocked = (load * blocked) / (n + load * blocked)
      const waiting = blocked / (1 - (load / places) * (1 - blocked))
      return takes + (waiting * takes) / (places - load)
    },
  }
}

export interface QuadraticPlantOptions {
  /** Where the cost is least, by knob. */
  readonly optimum: Readonly<Record<string, number>>
  /** A distance that costs 1, by knob. */
  readonly scale: Readonly<Record<string, number>>
  /** Standard deviation of the noise of each reading; default 0. */
  readonly noise?: number
  /** Default 1. */
  readonly seed?: number
}

export interface QuadraticPlant {
  /** Cost without noise: 0 at the optimum. */
  cost(knobs: Readonly<Record<string, number>>): number
  /** Cost with the next noise. */
  read(knobs: Readonly<Record<string, number>>): number
}

/** A bowl. */
export function quadraticPlant({ optimum, scale, noise = 0, seed = 1 }: QuadraticPlantOptions): QuadraticPlant {
  const names = Object.keys(optimum)
  for (const name of names) positive(`quadraticPlant.scale.${name}`, scale[name] as number)
  const random = seededRandom(seed)
  const cost = (knobs: Readonly<Record<string, number>>): number =>
    names.reduce((sum, name) => {
      const distance = ((knobs[name] as number) - (optimum[name] as number)) / (scale[name] as number)
      return sum + distance ** 2
    }, 0)
  return { cost, read: (knobs) => cost(knobs) + noise * random.normal() }
}
