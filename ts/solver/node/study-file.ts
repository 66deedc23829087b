/**
 * A study that lives in a file, which other processes may use at the same time: the command line, or runs of the same study.
 */
import { readFileSync } from 'node:fs'
import type { SolverBinding, StudyConfig } from '../../binding.js'
import { isHomeostatError } from '../../errors.js'
import { Claims } from '../../node/study/claims.js'
import { StudyFile } from '../../node/study/study-file.js'
import type { StudyFileOptions } from '../host.js'
import { agree, headerOf, type Study } from '../study.js'

/** Opens a study's file, or makes it. Throws `HOMEOSTAT_STUDY_*`. */
export function openStudyFile(
  binding: SolverBinding,
  config: StudyConfig,
  { path, sync }: StudyFileOptions,
  warn: (line: string) => void,
): Study {
  const file = open(binding, config, path, (line) => warn(`homeostat: ${line}`))
  try {
    agree(file.path, headerOf(binding, config), file.config)
  } catch (error) {
    file.close()
    throw error
  }
  const claims = new Claims(file.path)
  return {
    get core() {
      return file.core
    },
    change: (work) => file.change(work, sync),
    flush: () => undefined,
    claimed: () => claims.others(),
    claim: (trials) => claims.set(trials),
    text: () => readFileSync(file.path, 'utf8'),
    close: () => {
      claims.remove()
      file.close()
    },
  }
}

/** A run may go on with more or fewer evaluations at once than the study was begun with. */
function open(binding: SolverBinding, config: StudyConfig, path: string, note: (line: string) => void): StudyFile {
  try {
    return new StudyFile(path, { binding, config, note })
  } catch (error) {
    if (!isHomeostatError(error) || error.code !== 'HOMEOSTAT_STUDY_CONFIG' || error.option !== 'batch_size')
      throw error
    const { batch_size: _, ...rest } = config
    return new StudyFile(path, { binding, config: rest, note })
  }
}
