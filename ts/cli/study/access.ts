/**
 * How commands come to a study: to change it, or only to read it.
 */
import { closeSync, fstatSync, openSync } from 'node:fs'
import type { SolverCore, StudyConfig } from '../../binding.js'
import { Knobs } from '../../node/study/knobs.js'
import { readStudyFrom } from '../../node/study/load.js'
import { ioError } from '../../node/study/paths.js'
import { StudyFile } from '../../node/study/study-file.js'
import { loadSolver } from '../core.js'
import { failure } from '../exit.js'
import type { Out } from '../ui/out.js'

/** For changes; `config` makes the study where there is none. */
export function openStudy(path: string, out: Out, lockMs: number, config?: StudyConfig): StudyFile {
  return new StudyFile(path, {
    binding: loadSolver(),
    config,
    note: (line) => out.warn(line),
    lockMs,
  })
}

export interface OpenedStudy {
  readonly path: string
  readonly core: SolverCore
  readonly config: StudyConfig
  readonly knobs: Knobs
  /** Bytes of a last line that is incomplete: being written at this moment, or left so by a process that died. */
  readonly dropped: number
  readonly bytes: number
}

/** For questions: needs neither the lock nor the right to write. */
export function readStudy(path: string): OpenedStudy {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw failure('HOMEOSTAT_STUDY_MISSING', `there is no study ${path}`, error)
    throw ioError(path, 'cannot be read', error)
  }
  try {
    const bytes = fstatSync(fd).size
    const read = readStudyFrom(fd, bytes, path, loadSolver())
    if (read.kind === 'empty') throw failure('HOMEOSTAT_STUDY_EMPTY', `the file ${path} holds no study yet`)
    const { core, config, dropped } = read
    return { path, core, config, knobs: new Knobs(config), dropped, bytes }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EISDIR') throw ioError(path, 'cannot be read', error)
    throw error
  } finally {
    closeSync(fd)
  }
}
