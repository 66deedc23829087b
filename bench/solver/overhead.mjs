// What an ask and a tell cost through homeostat/solver: studies as in `problems overhead`, by the binding of HOMEOSTAT_BINDING.
import { performance } from 'node:perf_hooks'
import process from 'node:process'

const { bindingKind, createSolver, knob, ready } = await import(
  new URL('../../dist/esm/solver-node.js', import.meta.url).href
)
await ready()

const MARKS = [100, 1000, 10_000]
const WINDOW = 100
const STUDIES = [
  [5, 'auto', 1000],
  [5, 'auto', 10_100],
  [40, 'auto', 2000],
  [40, 'tpe', 1000],
]

const valley = (x) => {
  let sum = 0
  for (let i = 0; i + 1 < x.length; i++) sum += 100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2
  return sum
}
/** Processor time, the collector's with it: on a busy machine the clock on the wall has others' work in it. */
function processorUs() {
  const { user, system } = process.cpuUsage()
  return user + system
}
const mean = (values) => values.reduce((sum, us) => sum + us, 0) / values.length

function study(dimensions, strategy, trials) {
  const names = Array.from({ length: dimensions }, (_, i) => `x${i}`)
  const space = Object.fromEntries(names.map((name) => [name, knob.number({ min: -5, max: 5 })]))
  const solver = createSolver({ space, strategy, seed: 7 })
  const spentUs = []
  const processor = [processorUs()]
  for (let turn = 0; turn < trials; turn++) {
    const begin = performance.now()
    const trial = solver.ask()
    const asked = performance.now()
    const value = valley(names.map((name) => trial.params[name]))
    const told = performance.now()
    solver.tell(trial, value)
    spentUs.push((asked - begin + performance.now() - told) * 1e3)
    if (Math.floor(((turn + 1) * 10) / trials) > Math.floor((turn * 10) / trials)) processor.push(processorUs())
  }
  solver.close()
  const tenths = processor.slice(1).map((us, i) => ((us - processor[i]) * 10) / trials)
  return { spentUs, tenths }
}

for (const [dimensions, strategy, trials] of STUDIES) {
  const { spentUs, tenths } = study(dimensions, strategy, trials)
  const row = {
    layer: `homeostat/solver, ${bindingKind()}`,
    dimensions,
    strategy,
    objective: 'valley',
    trials,
    mean_us: mean(tenths),
    worst_us: Math.max(...spentUs),
    tenths_us: tenths,
    marks_us: Object.fromEntries(
      MARKS.filter((mark) => trials >= mark + WINDOW).map((mark) => [mark, mean(spentUs.slice(mark, mark + WINDOW))]),
    ),
  }
  console.log(JSON.stringify(row))
}
