/**
 * Points as shell commands.
 */
import { show } from '../../errors.js'
import type { Params } from '../../node/study/knobs.js'
import { usage } from '../exit.js'

const TRIAL_NAME = 'HOMEOSTAT_TRIAL'

/** One `export` that a POSIX shell can evaluate. What a shell cannot name has underscores in place of other characters. */
export function shellAssignments(trial: number, params: Params): string {
  const words = new Map([[TRIAL_NAME, String(trial)]])
  for (const [name, value] of Object.entries(params)) {
    const shell = `HOMEOSTAT_${name.replace(/[^A-Za-z0-9_]/g, '_')}`
    if (words.has(shell)) throw usage(`--env cannot tell the knob ${show(name)} from another ${shell}; use --json`)
    words.set(shell, String(value))
  }
  return `export ${[...words].map(([name, value]) => `${name}=${quote(value)}`).join(' ')}`
}

/** A word that a POSIX shell reads as it is. */
export function quote(word: string): string {
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
