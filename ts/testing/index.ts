/**
 * For tests of code that uses Homeostat, `homeostat/testing`: a fake clock, seeded noise, scripted telemetry, deterministic plants,
 * and assertions about what a tuner did.
 */
export {
  assertHealthy,
  assertSettled,
  assertWithinBounds,
  type Recording,
  record,
  type Settled,
} from './assertions.js'
export { type FakeClock, fakeClock } from './fake-clock.js'
export {
  type CachePlant,
  type CachePlantOptions,
  cachePlant,
  type PoolPlant,
  type PoolPlantOptions,
  poolPlant,
  type QuadraticPlant,
  type QuadraticPlantOptions,
  quadraticPlant,
} from './plants.js'
export { type Random, seededRandom } from './random.js'
export { drive, type ScriptOptions, type Step } from './telemetry.js'
