/**
 * The correctness suite on WebGPU: every case is compiled, dispatched and read back by the code that drives a browser's device for users,
 * with canaries around every buffer, and judged by the oracle in f64. `?rounds=5` sets how often each size is tried with picked schedules,
 * `&from=0&to=300` runs some of the cases in their order, `&sample=100&seed=1` some that are drawn. What was found is in `globalThis.result`.
 */
import { Device } from '../../ts/bindings/forge/device.js'
import { failureOf } from '../../ts/bindings/forge/failure.js'
import type { ProgramRecipe } from '../../ts/bindings/forge/module.js'
import { Program } from '../../ts/bindings/forge/program.js'

/** See `crates/homeostat-forge-wasm/src/suite.rs`. */
interface Suite {
  readonly length: number
  case(at: number): string
  begin(at: number, sizes: Uint32Array): string
  schedules(): string
  guarded(place: number): Uint8Array
  check(place: number, bytes: Uint8Array): void
  judge(): string
}
interface Module {
  default(from: { readonly module_or_path: Promise<Response> }): Promise<unknown>
  Suite: new (limits: string, rounds: number) => Suite
}
interface Facts {
  readonly family: string
  readonly dtype: string
  readonly sizes: readonly number[]
  readonly text: string
}
interface Verdict {
  readonly worst: number
  readonly promised: number
  readonly elements: number
  readonly miss?: string
}
interface Tally {
  cases: number
  wrong: number
  worst: number
  promised: number
  elements: number
}
const page = globalThis as { stage?: string; result?: object }

async function attempt(suite: Suite, device: Device, at: number, sizes: readonly number[] = []): Promise<Verdict> {
  const recipe = JSON.parse(suite.begin(at, Uint32Array.from(sizes))) as ProgramRecipe
  const program = await Program.make(device, recipe)
  try {
    const places = [...recipe.tensors.keys()].filter((place) => !recipe.zeroed.includes(place))
    for (const place of places) program.write(place, suite.guarded(place), true)
    const buffers = await program.prove()
    for (const place of places) suite.check(place, buffers[place] as Uint8Array)
    return JSON.parse(suite.judge()) as Verdict
  } finally {
    program.destroy()
  }
}

/** What is wrong with a case; nothing where it is right. */
const fault = (suite: Suite, device: Device, at: number, sizes: readonly number[]): Promise<string | undefined> =>
  attempt(suite, device, at, sizes).then(
    ({ miss }) => miss,
    (error) => failureOf(error).message,
  )

/** The smallest sizes, by halving or lessening one at a time, that are still wrong. */
async function smallest(
  suite: Suite,
  device: Device,
  at: number,
  sizes: readonly number[],
): Promise<readonly number[]> {
  for (let i = 0; i < sizes.length; i++) {
    const size = sizes[i] as number
    for (const next of [size >> 1, size - 1]) {
      if (next < 1 || next === size) continue
      const tried = sizes.with(i, next)
      if ((await fault(suite, device, at, tried)) !== undefined) return smallest(suite, device, at, tried)
    }
  }
  return sizes
}

/** So many places, drawn without putting them back. */
function drawn(count: number, of: number, seed: number): readonly number[] {
  const all = Array.from({ length: of }, (_, i) => i)
  let state = seed >>> 0
  for (let i = 0; i < Math.min(count, of); i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    const j = i + Math.floor((state / 2 ** 32) * (of - i))
    ;[all[i], all[j]] = [all[j] as number, all[i] as number]
  }
  return all.slice(0, count).sort((a, b) => a - b)
}

async function main(): Promise<object> {
  const wanted = new URLSearchParams(location.search)
  const whole = (name: string, otherwise: number): number => Number(wanted.get(name) ?? otherwise)
  // Beside the page, where it is served.
  const place = './homeostat_forge_suite.js'
  const glue = (await import(/* @vite-ignore */ place)) as Module
  await glue.default({ module_or_path: fetch('./homeostat_forge_suite_bg.wasm') })
  const device = await Device.open(undefined).catch(() => undefined)
  if (device === undefined) return {}
  const suite = new glue.Suite(device.opened.limits, whole('rounds', 5))
  const all = drawn(whole('sample', suite.length), suite.length, whole('seed', 1))
  const cases = all.slice(whole('from', 0), whole('to', all.length))
  const tallies: Record<string, Tally> = {}
  const wrong: string[] = []
  for (const [done, at] of cases.entries()) {
    const { family, dtype, sizes, text } = JSON.parse(suite.case(at)) as Facts
    page.stage = `case ${done + 1} of ${cases.length}, ${wrong.length} wrong: ${text}`
    tallies[`${family} ${dtype}`] ??= { cases: 0, wrong: 0, worst: 0, promised: 0, elements: 0 }
    const tally = tallies[`${family} ${dtype}`] as Tally
    tally.cases++
    let why: string | undefined
    try {
      const verdict = await attempt(suite, device, at)
      tally.worst = Math.max(tally.worst, verdict.worst)
      tally.promised += verdict.promised
      tally.elements += verdict.elements
      why = verdict.miss
    } catch (error) {
      // A device that is gone says nothing of the cases that are left.
      device.alive()
      why = failureOf(error).message
    }
    if (why === undefined) continue
    tally.wrong++
    const schedules = suite.schedules()
    const small = await smallest(suite, device, at, sizes)
    wrong.push(`${text}: ${why}; smallest ${small.join('x')}${schedules === '' ? '' : `; ${schedules}`}`)
  }
  const { name, software } = device.opened.facts
  device.close()
  return { adapter: name, software, all: suite.length, ran: cases.length, wrong, tallies }
}

main().then(
  (value) => {
    page.result = { value }
  },
  (error) => {
    page.result = { error: String((error as Error)?.stack ?? error) }
  },
)
