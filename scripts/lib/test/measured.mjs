import { join } from 'node:path'
import { apt } from '../apt.mjs'
import { at } from '../paths.mjs'
import { run } from '../run.mjs'
import { onPath } from '../rust/probe.mjs'
import { none, oneOf, skip } from './counts.mjs'

/** Most instructions that a decision on four knobs may take, from a digest in to its verdict applied. */
const INSTRUCTIONS_MAX = 8000
const DECISIONS = [1000, 9000]

/** Instructions that valgrind counts for one run; the same for the same binary and arguments, whatever else runs. */
async function instructions(program, args, context) {
  const options = { env: context.rust.env, log: 'test-instructions', note: context.note, capture: true }
  const result = await run(
    'valgrind',
    ['--tool=callgrind', '--callgrind-out-file=/dev/null', program, ...args],
    options,
  )
  const found = /Collected : (\d+)/.exec(result.tail.join('\n'))
  if (!found) throw new Error(`valgrind counted nothing: ${result.tail.join('\n')}`)
  return Number(found[1])
}

async function haveValgrind(note) {
  if (onPath('valgrind')) return true
  if (process.platform !== 'linux' || !(await apt.usable()) || !(await apt.candidate('valgrind'))) return false
  await apt.install(['valgrind'], note).catch(() => undefined)
  return onPath('valgrind') !== undefined
}

export const decisionCost = {
  title: 'instructions per decision',
  async run(context) {
    if (!(await haveValgrind(context.note))) {
      return skip('instructions per decision', 'valgrind is not on this machine and cannot be installed')
    }
    const build = ['build', '--release', '--locked', '-p', 'homeostat-plants', '--example', 'bench-decision']
    const built = await run('cargo', build, { env: context.rust.env, log: 'test-instructions', note: context.note })
    if (built.code !== 0) return { ...none(), failed: 1, tail: built.tail }
    const target = context.rust.env.CARGO_TARGET_DIR ?? at('target')
    const program = join(target, 'release', 'examples', 'bench-decision')
    const per = async (...extra) => {
      const [few, many] = [
        await instructions(program, ['--count', String(DECISIONS[0]), ...extra], context),
        await instructions(program, ['--count', String(DECISIONS[1]), ...extra], context),
      ]
      return (many - few) / (DECISIONS[1] - DECISIONS[0])
    }
    const cost = (await per()) - (await per('--without'))
    context.note?.(`${Math.round(cost)} instructions per decision, at most ${INSTRUCTIONS_MAX}`)
    const passed = cost > 0 && cost <= INSTRUCTIONS_MAX
    return passed
      ? { ...none(), passed: 1 }
      : {
          ...none(),
          failed: 1,
          tail: [`a decision takes ${Math.round(cost)} instructions, at most ${INSTRUCTIONS_MAX}`],
        }
  },
}

/** Every promise about the simulated plants, on seeds that no constant was chosen on. */
export const plants = {
  title: 'plants: every target, no breach',
  async run(context) {
    const words = ['run', '--release', '--locked', '--quiet', '-p', 'homeostat-plants', '--bin', 'plants', '--']
    const chosen = ['--contenders', 'homeostat', '--presets', 'balanced,conservative']
    const options = { env: context.rust.env, log: 'test-plants', note: context.note, capture: true, tailLines: 60 }
    return oneOf(await run('cargo', [...words, ...chosen, '--cv', '0.1', '--seeds', '20', '--targets'], options))
  },
}
