// Runs the overhead studies in the core and through the façade over both bindings, and prints them beside the peers'.
import { spawnSync } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const MARKS = ['100', '1000', '10000']

/** @returns one row per study and layer */
export function ownOverhead(problems, env) {
  const script = fileURLToPath(new URL('./overhead.mjs', import.meta.url))
  return [
    ...lines(problems, ['overhead'], env),
    ...lines(process.execPath, [script], { ...env, HOMEOSTAT_BINDING: 'native' }),
    ...lines(process.execPath, [script], { ...env, HOMEOSTAT_BINDING: 'wasm' }),
  ]
}

export function printOverhead(own, peers) {
  console.log(
    '\nOverhead in microseconds per evaluation: an ask and a tell, over 100 evaluations from each number of past trials, by the clock;\nthe mean of homeostat/solver is processor time',
  )
  console.log(
    `${''.padEnd(62)}${MARKS.map((mark) => mark.padStart(10)).join('')}${'mean'.padStart(10)}${'worst'.padStart(10)}`,
  )
  const line = (name, { marks_us: marks, mean_us: mean, worst_us: worst }) => {
    const cells = [...MARKS.map((mark) => marks[mark]), mean, worst]
    console.log(
      `${name.padEnd(62)}${cells.map((us) => (us === undefined ? '-' : us.toFixed(1)).padStart(10)).join('')}`,
    )
  }
  for (const row of own)
    line(`${row.layer}: ${row.dimensions}-D ${row.strategy}, ${row.objective}, ${row.trials} trials`, row)
  for (const row of peers) line(`${row.layer}: ${row.dimensions}-D`, row)
}

function lines(program, args, env) {
  const { status, stdout } = spawnSync(program, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with status ${status}`)
  return stdout
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text))
}
