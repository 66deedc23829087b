// Sets up and builds what is missing, then runs every check and ends with one line of counts.
//   --only <runner>   one runner, may be repeated
//   --quick           leaves out the runners that need other runtimes; they count as skipped
import { parseArgs } from 'node:util'
import { build } from './lib/build/index.mjs'
import { main, StepError } from './lib/errors.mjs'
import { say, step } from './lib/progress.mjs'
import { setup } from './lib/setup.mjs'
import { withLock } from './lib/stamps.mjs'
import { add, describe, none, skip } from './lib/test/counts.mjs'
import { packaging, style, types, unit } from './lib/test/js.mjs'
import { decisionCost, plants } from './lib/test/measured.mjs'
import { generated, rustFormat, rustLint, rustTest } from './lib/test/rust.mjs'

/** One after the other, before the rest: a slip is told in seconds. */
const QUICK = { style, types, format: rustFormat, lint: rustLint, generated }

/** Beside each other: while one waits for a process or a compiler's last crate, another works. */
const LANES = [{ unit }, { rust: rustTest, decisions: decisionCost, plants, packaging }]

const RUNNERS = Object.assign({}, QUICK, ...LANES)

async function runOne(runner, context) {
  let counts = none()
  await step(runner.title, async (note) => {
    counts = await runner.run({ ...context, note })
    return { text: describe(counts), failed: counts.failed > 0 }
  })
  for (const line of counts.failed > 0 ? counts.tail : []) say(`  | ${line}`)
  return counts
}

await main(async () => {
  const { values } = parseArgs({
    options: { only: { type: 'string', multiple: true }, quick: { type: 'boolean', default: false } },
  })
  const unknown = values.only?.find((name) => !(name in RUNNERS))
  if (unknown)
    throw new StepError(`there is no runner '${unknown}'`, { remedy: `--only ${Object.keys(RUNNERS).join(' | ')}` })
  const context = await withLock(async () => {
    const ready = await setup()
    await build(ready)
    return ready
  })
  const total = none()
  const failed = []
  const lane = async (runners) => {
    for (const [name, runner] of Object.entries(runners)) {
      if (values.only && !values.only.includes(name)) continue
      const counts =
        values.quick && runner.slow ? skip(runner.title, 'left out by --quick') : await runOne(runner, context)
      if (counts.failed > 0) failed.push(name)
      add(total, counts)
    }
  }
  await lane(QUICK)
  await Promise.all(LANES.map(lane))
  for (const reason of total.reasons) say(`skipped: ${reason}`)
  for (const name of failed) say(`failed: ${name} (again: npm test -- --only ${name})`)
  say(describe(total))
  return total.failed > 0 ? 1 : 0
})
