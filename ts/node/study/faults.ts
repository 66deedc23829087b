/** What is wrong with a study's file, in words. */
import { HomeostatError } from '../../errors.js'

export function changed(path: string, what: string): HomeostatError {
  return new HomeostatError(
    'HOMEOSTAT_STUDY_CHANGED',
    `the study ${path} was changed by something else than Homeostat: ${what}; nothing more is written to it`,
  )
}

export function empty(path: string): HomeostatError {
  return new HomeostatError(
    'HOMEOSTAT_STUDY_EMPTY',
    `the file ${path} holds no study yet; a configuration (--config) makes one`,
  )
}
