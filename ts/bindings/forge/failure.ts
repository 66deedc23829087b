/**
 * What a failure is to the engine. A kernel is at fault where the device refused what it asks for (`HOMEOSTAT_KERNEL_REJECTED`), and
 * that is remembered for good: nothing else may pass for it. A `DOMException` has a `code`, too, which is a number and says nothing.
 */
import type { HomeostatErrorCode } from '../../errors.js'

export interface Failure {
  readonly code: HomeostatErrorCode
  readonly message: string
}

export function failureOf(error: unknown): Failure {
  const { code, message = String(error) } = Object(error) as { code?: unknown; message?: string }
  if (typeof code === 'string' && code.startsWith('HOMEOSTAT_')) return { code: code as HomeostatErrorCode, message }
  // The elements of a tensor that had to be here for a moment.
  if (error instanceof RangeError) return { code: 'HOMEOSTAT_DEVICE_MEMORY', message }
  return { code: 'HOMEOSTAT_FORGE_UNSUPPORTED', message: `the runtime failed: ${message}` }
}
