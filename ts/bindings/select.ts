/**
 * Which binding runs where both are possible: native, else WebAssembly with one line that says so. HOMEOSTAT_BINDING forces one.
 */
import type { Binding } from '../binding.js'
import { HomeostatError, invalid } from '../errors.js'

export interface Candidates {
  native(): Binding
  wasm(): Binding
  /** The value of HOMEOSTAT_BINDING. */
  readonly forced: string | undefined
  warn(line: string): void
}

export function selectBinding(candidates: Candidates): Binding {
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

function required(kind: string, load: () => Binding): Binding {
  try {
    return load()
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new HomeostatError('HOMEOSTAT_NO_BINDING', `the ${kind} core could not be loaded: ${reason}`, { cause })
  }
}
