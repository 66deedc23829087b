/**
 * The native add-on. A caught panic arrives as an error without a code; the object that it happened in is dead, others live.
 */
import type { Binding } from '../binding.js'
import { bind, type CoreModule } from './core.js'

/** `napi` reports wrong argument types with these: the façade's mistake, not a panic. */
const CONVERSION = /^(InvalidArg|.*Expected)$/

export function nativeBinding(core: CoreModule): Binding {
  return bind(core, { kind: 'native', poisons: false, panicText: nativePanicText })
}

/** The text of a caught panic if `error` is one. */
export function nativePanicText(error: unknown): string | undefined {
  const text = error instanceof Error ? error.message : String(error)
  const status = (error as { code?: unknown } | null)?.code
  return text.startsWith('HOMEOSTAT_') || (typeof status === 'string' && CONVERSION.test(status)) ? undefined : text
}
