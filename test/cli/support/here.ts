/**
 * A command in this process: what it prints, its exit status and its errors are those of a process of its own, whose start takes
 * twenty times as long. Signals, terminals, standard input, concurrency and the process's own end need one: see `cli.ts`.
 */
import process from 'node:process'
import { vi } from 'vitest'
import { main } from '../../../ts/cli/main.js'
import type { Result } from './cli.js'

let busy = false

/** A pipe that nobody has to read. */
function sink() {
  let text = ''
  return {
    isTTY: false,
    write: (piece: string | Uint8Array) => {
      text += typeof piece === 'string' ? piece : Buffer.from(piece).toString()
      return true
    },
    on: () => {},
    text: () => text,
  }
}

export async function here(args: readonly string[], cwd = process.cwd()): Promise<Result> {
  if (busy) throw new Error('two commands at once: they need processes of their own')
  busy = true
  for (const name of ['NO_COLOR', 'FORCE_COLOR', 'CI']) vi.stubEnv(name, '')
  const before = process.cwd()
  const out = sink()
  const err = sink()
  const spies = [
    vi.spyOn(process, 'stdout', 'get').mockReturnValue(out as unknown as typeof process.stdout),
    vi.spyOn(process, 'stderr', 'get').mockReturnValue(err as unknown as typeof process.stderr),
  ]
  process.chdir(cwd)
  try {
    const status = await main([process.execPath, 'homeostat', ...args])
    return { status, signal: null, out: out.text(), err: err.text() }
  } finally {
    process.chdir(before)
    for (const spy of spies) spy.mockRestore()
    vi.unstubAllEnvs()
    busy = false
  }
}
