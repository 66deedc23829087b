/**
 * For tests of code that uses Homeostat, `homeostat/testing`: a fake clock, seeded noise and scripted telemetry.
 */
export { type FakeClock, fakeClock } from './fake-clock.js'
export { type Random, seededRandom } from './random.js'
export { drive, type ScriptOptions, type Step } from './telemetry.js'
