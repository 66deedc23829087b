/**
 * Why a change was refused: the order is the core's, where 0 means approved.
 */
export const VIOLATIONS = [
  'approved',
  'delta-too-large',
  'rate-limit-exceeded',
  'out-of-bounds',
  'unknown-parameter',
  'thrashing',
  'budget-exhausted',
  'objective-regression',
  'constraint-violation',
  'audit-queue-full',
  'no-baseline',
  'not-finite',
  'frozen',
  'safe-mode',
  'stale-generation',
] as const

export type Violation = Exclude<(typeof VIOLATIONS)[number], 'approved'>

/** The outcome of an operator's request: a refusal is a value, not an exception. */
export type Verdict = { readonly ok: true } | { readonly ok: false; readonly violation: Violation }

const APPROVED: Verdict = Object.freeze({ ok: true })

export function verdict(index: number): Verdict {
  if (index === 0) return APPROVED
  return { ok: false, violation: (VIOLATIONS[index] ?? 'unknown-parameter') as Violation }
}
