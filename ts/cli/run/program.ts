/**
 * The program that a run evaluates with, looked at before a study is made for it: the system's own words for what is wrong with it
 * (`spawn ENOENT`) help nobody.
 */
import { accessSync, closeSync, constants, existsSync, openSync, readSync, statSync } from 'node:fs'
import { delimiter, extname, join } from 'node:path'
import process from 'node:process'
import { show } from '../../errors.js'
import { failure } from '../exit.js'

const HEAD = 256
const INTERPRETERS: Readonly<Record<string, string>> = {
  '.sh': 'sh',
  '.py': 'python3',
  '.js': 'node',
  '.mjs': 'node',
  '.rb': 'ruby',
  '.pl': 'perl',
}

/** Throws `HOMEOSTAT_EVALUATOR_UNUSABLE` with what to do. Windows has rules of its own: there only the attempt tells. */
export function checkProgram(program: string, env = process.env): void {
  if (process.platform === 'win32') return
  if (!program.includes('/')) {
    if ((env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)))) return
    const here = existsSync(program) ? `; the file in this folder is ./${program}` : ''
    throw unusable(program, `no program of this name is on the search path${here}`)
  }
  const found = statSync(program, { throwIfNoEntry: false })
  if (found === undefined) throw unusable(program, 'there is no such file')
  if (!found.isFile()) throw unusable(program, 'it is no file')
  try {
    accessSync(program, constants.X_OK)
  } catch {
    const interpreter = INTERPRETERS[extname(program)]
    const or = interpreter === undefined ? '' : `, or -- ${interpreter} ${program}`
    throw unusable(program, `it may not be executed (chmod +x ${program}${or})`)
  }
  checkInterpreter(program)
}

/** A script names its interpreter in its first line. */
function checkInterpreter(program: string): void {
  const interpreter = /^#![ \t]*([^ \t\n]*)/.exec(headOf(program))?.[1]
  if (interpreter === undefined || existsSync(interpreter)) return
  throw interpreter.endsWith('\r')
    ? unusable(program, 'its first line ends in CRLF as on Windows; it needs plain line ends')
    : unusable(program, `its first line names ${show(interpreter)}, which is not there`)
}

function headOf(program: string): string {
  const bytes = Buffer.alloc(HEAD)
  try {
    const fd = openSync(program, 'r')
    try {
      return bytes.toString('utf8', 0, readSync(fd, bytes, 0, HEAD, 0))
    } finally {
      closeSync(fd)
    }
  } catch {
    // What may be executed need not be readable.
    return ''
  }
}

const unusable = (program: string, why: string): Error =>
  failure('HOMEOSTAT_EVALUATOR_UNUSABLE', `${show(program)} cannot be run: ${why}`)
