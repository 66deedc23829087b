/**
 * Points as shell commands.
 */
import type { Params } from '../../node/study/knobs.js'

/** One `export` that a POSIX shell can evaluate. What a shell cannot name has underscores in place of other characters. */
export function shellAssignments(trial: number, params: Params): string {
  const words = Object.entries(params).map(
    ([name, value]) => `HOMEOSTAT_${name.replace(/[^A-Za-z0-9_]/g, '_')}=${quote(String(value))}`,
  )
  return `export HOMEOSTAT_TRIAL=${trial} ${words.join(' ')}`
}

/** A word that a POSIX shell reads as it is. */
export function quote(word: string): string {
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
