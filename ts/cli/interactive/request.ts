/**
 * What a line asks for. Anything that is not a request as documented throws, with a code and what was expected.
 */
import { HomeostatError, invalid, show } from '../../errors.js'

export const COMMANDS = ['ask', 'tell', 'add', 'best', 'status', 'importance', 'close'] as const
export const BATCH_MAX = 1024
const RESULTS_MAX = 10_000

export interface Request {
  readonly cmd: (typeof COMMANDS)[number]
  readonly [key: string]: unknown
}

/** The outcome of one evaluation. */
export interface Result {
  readonly trial: number | undefined
  readonly params: unknown
  readonly failed: string | undefined
  readonly pruned: boolean
  /** Not finite where the evaluation gave no number. */
  readonly value: number
  readonly margin: number
}

/** Python writes values that are not finite as words; JSON has numbers that are too large. Words in strings are left alone. */
const WORDS = /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g

export function parseRequest(line: string): Request {
  let parsed: unknown
  try {
    parsed = JSON.parse(line)
  } catch (error) {
    parsed = parseWithWords(line, error as Error)
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new HomeostatError(
      'HOMEOSTAT_INVALID_REQUEST',
      `a request must be an object with "cmd", received ${show(parsed)}`,
    )
  const { cmd } = parsed as { cmd?: unknown }
  if (!COMMANDS.includes(cmd as Request['cmd']))
    throw new HomeostatError(
      'HOMEOSTAT_UNKNOWN_COMMAND',
      `cmd must be one of ${COMMANDS.join(', ')}, received ${show(cmd)}`,
    )
  return parsed as Request
}

function parseWithWords(line: string, first: Error): unknown {
  if (/NaN|Infinity/.test(line)) {
    try {
      return JSON.parse(
        line.replace(WORDS, (word) => (word.startsWith('"') ? word : word.startsWith('-') ? '-1e999' : '1e999')),
      )
    } catch {}
  }
  throw new HomeostatError('HOMEOSTAT_INVALID_JSON', `a request must be one line of JSON: ${first.message}`)
}

export function batchOf(request: Request): number {
  const { batch = 1 } = request
  if (typeof batch !== 'number' || !Number.isInteger(batch) || batch < 1 || batch > BATCH_MAX)
    throw invalid('batch', `a whole number from 1 to ${BATCH_MAX}`, batch)
  return batch
}

export function resultsOf(request: Request): Result[] {
  const { results } = request
  if (!Array.isArray(results) || results.length > RESULTS_MAX)
    throw invalid('results', `a list of at most ${RESULTS_MAX} results`, results)
  return results.map((result, i) => resultOf(result, `results[${i}]`))
}

function resultOf(given: unknown, path: string): Result {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw invalid(path, 'an object with "params" and "value"', given)
  const { trial, params, value, margin, failed, pruned } = given as Record<string, unknown>
  if (trial !== undefined && !(typeof trial === 'number' && Number.isSafeInteger(trial) && trial >= 0))
    throw invalid(`${path}.trial`, 'the number of a trial', trial)
  if (failed !== undefined && typeof failed !== 'string' && failed !== true)
    throw invalid(`${path}.failed`, 'the reason as text', failed)
  if (pruned !== undefined && typeof pruned !== 'boolean') throw invalid(`${path}.pruned`, 'true or false', pruned)
  if (margin !== undefined && typeof margin !== 'number') throw invalid(`${path}.margin`, 'a number', margin)
  const needed = failed === undefined && pruned !== true
  if (typeof value !== 'number' && (needed || value !== undefined))
    throw invalid(`${path}.value`, 'a number (an evaluation without one is told as {"failed":"reason"})', value)
  return {
    trial: trial as number | undefined,
    params,
    failed: failed === true ? '' : (failed as string | undefined),
    pruned: pruned === true,
    value: (value as number | undefined) ?? Number.NaN,
    margin: (margin as number | undefined) ?? Number.NaN,
  }
}
