/**
 * What the process ends with. Documented in docs/cli.md; scripts rely on these numbers.
 */
import { HomeostatError, type HomeostatErrorCode, isHomeostatError } from '../errors.js'

export const EXIT = {
  ok: 0,
  failure: 1,
  /** Wrong arguments, or a configuration that cannot be meant. */
  usage: 2,
  /** Another process holds the study or the journal. */
  locked: 3,
  /** A study, a journal or a library is truncated, edited, of another version, or not one at all. */
  corrupt: 4,
  /** The budget is used up, or every point of a finite space was tried. */
  exhausted: 5,
  /** Nothing was evaluated successfully, so there is no best. */
  noResult: 6,
  interrupted: 130,
  terminated: 143,
} as const

const BY_CODE: readonly (readonly [RegExp, number])[] = [
  [/^HOMEOSTAT_(STUDY|JOURNAL)_LOCKED$/, EXIT.locked],
  [/^HOMEOSTAT_STUDY_(MALFORMED|BROKEN|NEWER|DIVERGED|FORMAT|CHANGED)$/, EXIT.corrupt],
  [/^HOMEOSTAT_LIBRARY_(DAMAGED|VERSION)$/, EXIT.corrupt],
  [/^HOMEOSTAT_JOURNAL_(MALFORMED|BROKEN|TRUNCATED|DIVERGED|FORMAT)$/, EXIT.corrupt],
  [/^HOMEOSTAT_STUDY_EXHAUSTED$/, EXIT.exhausted],
  [/^HOMEOSTAT_STUDY_NO_RESULT$/, EXIT.noResult],
  [/^HOMEOSTAT_(USAGE|STUDY_CONFIG|BLUEPRINT_INVALID|INVALID_\w+|UNKNOWN_(KNOB|OPTION))$/, EXIT.usage],
]

export function exitOf(error: unknown): number {
  if (!isHomeostatError(error)) return EXIT.failure
  return BY_CODE.find(([code]) => code.test(error.code))?.[1] ?? EXIT.failure
}

export function usage(message: string): HomeostatError {
  return new HomeostatError('HOMEOSTAT_USAGE', message)
}

export function failure(code: HomeostatErrorCode, message: string, cause?: unknown): HomeostatError {
  return new HomeostatError(code, message, { cause })
}
