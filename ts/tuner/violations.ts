/**
 * Why a change was refused.
 */
import { VIOLATIONS } from '../generated/core.js'

export type Violation = (typeof VIOLATIONS)[number]

/** The outcome of an operator's request: a refusal is a value, not an exception. */
export type Verdict = { readonly ok: true } | { readonly ok: false; readonly violation: Violation }

const APPROVED: Verdict = Object.freeze({ ok: true })
const DROPPED: Verdict = Object.freeze({ ok: false, violation: 'audit-queue-full' })

/** `index`: 0 is approved, else one more than the violation's place in the core's table. */
export function verdict(index: number): Verdict {
  if (index === 0) return APPROVED
  return { ok: false, violation: VIOLATIONS[index - 1] ?? 'unknown-parameter' }
}

/** For inputs that the core drops without a verdict while the journal's queue is full. */
export function takenVerdict(taken: boolean): Verdict {
  return taken ? APPROVED : DROPPED
}
