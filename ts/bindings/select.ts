/**
 * Which binding runs where both are possible: native, else WebAssembly with one line that says so. HOMEOSTAT_BINDING forces one.
 */
import { HomeostatError, invalid } from '../errors.js'

export interface Candidates<B> {
  native(): B
  wasm(): B
  /** The value of HOMEOSTAT_BINDING. */
  readonly forced: string | undefined
  warn(line: string): void
}

export function selectBinding<B>(candidates: Candidates<B>): B {
  switch (candidates.forced) {
    case 'native':
      return required('native', candidates.native)
    case 'wasm':
      return required('wasm', candidates.wasm)
    case undefined:
    case '':
      break
    default:
      throw invalid('environment variable HOMEOSTAT_BINDING', "'native' or 'wasm'", candidates.forced)
  }
  let reason: unknown
  try {
    return candidates.native()
  } catch (error) {
    reason = error
  }
  const binding = required('wasm', candidates.wasm)
  candidates.warn(
    `homeostat: no native core (${reason instanceof Error ? reason.message : String(reason)}); using WebAssembly`,
  )
  return binding
}

function required<B>(kind: string, load: () => B): B {
  try {
    return load()
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new HomeostatError('HOMEOSTAT_NO_BINDING', `the ${kind} core could not be loaded: ${reason}`, { cause })
  }
}
