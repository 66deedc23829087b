// What only runtimes with Node's modules have of `homeostat/solver`: threads, processes and a study in a file.
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export async function consumeSolverNode({ command, knob, minimize, workers }) {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-consumer-'))
  const space = { x: knob.number({ min: 0, max: 1 }) }
  const checkpoint = join(folder, 'study.jsonl')
  const pool = workers(new URL('./evaluate.mjs', import.meta.url), { size: 2 })
  try {
    const first = await minimize(pool, { space, budget: 6, checkpoint })
    const kept = statSync(checkpoint).size
    const second = await minimize(pool, { space, budget: 12, checkpoint })
    const script = 'console.log("RESULT=" + (Number(process.env.HOMEOSTAT_x) - 0.5) ** 2)'
    const third = await minimize(command(process.execPath, [...evalArgs(), script]), { space, budget: 3 })
    return { kept: kept > 0, done: [first.done, second.done, third.done].join(' '), best: second.value < 0.1 }
  } finally {
    await pool.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

const evalArgs = () => (globalThis.Deno ? ['eval', '--ext=js'] : ['-e'])
