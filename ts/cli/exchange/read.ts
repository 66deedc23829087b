/**
 * Results of other programs: this one's exports, tables of Optuna (`number,value,params_x,state`), or plain columns.
 */
import type { StudyBound, StudyConfig } from '../../binding.js'
import { show } from '../../errors.js'
import { parseResult } from '../../solver/node/result-lines.js'
import { failure } from '../exit.js'
import { parseCsv } from './csv.js'

export interface ImportedTrial {
  /** Where it stood, for messages: `row 3`. */
  readonly where: string
  readonly params: Readonly<Record<string, unknown>>
  readonly outcome: 'complete' | 'failed' | 'pruned'
  /** Not finite where there is none. */
  readonly value: number
  readonly margin: number
}

export interface Imported {
  readonly trials: ImportedTrial[]
  /** Rows without an outcome yet. */
  readonly open: number
}

type Row = Readonly<Record<string, unknown>>

const STATES: Readonly<Record<string, ImportedTrial['outcome'] | 'open'>> = {
  complete: 'complete',
  failed: 'failed',
  fail: 'failed',
  pruned: 'pruned',
  open: 'open',
  running: 'open',
  waiting: 'open',
}

export function readTrials(text: string, config: StudyConfig): Imported {
  const trimmed = text.trimStart()
  const rows = trimmed.startsWith('[') || trimmed.startsWith('{') ? jsonRows(trimmed) : csvRows(text, config)
  const trials: ImportedTrial[] = []
  let open = 0
  rows.forEach((row, i) => {
    const trial = trialOf(row, `row ${i + 1}`, config)
    if (trial === undefined) open++
    else trials.push(trial)
  })
  return { trials, open }
}

/** A list of objects, an object with `trials`, or an object per line. */
function jsonRows(text: string): Row[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (error) {
    try {
      parsed = text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
    } catch {
      throw bad(`neither JSON nor JSON Lines: ${(error as Error).message}`)
    }
  }
  const list = Array.isArray(parsed) ? parsed : ((parsed as { trials?: unknown }).trials ?? [parsed])
  if (!Array.isArray(list)) throw bad(`trials must be a list, received ${show(list)}`)
  return list.map((row, i) => {
    if (typeof row !== 'object' || row === null || Array.isArray(row))
      throw bad(`row ${i + 1} must be an object, received ${show(row)}`)
    return row as Row
  })
}

/** Cells become what the knobs of their columns take. */
function csvRows(text: string, config: StudyConfig): Row[] {
  let table: string[][]
  try {
    table = parseCsv(text)
  } catch (error) {
    throw bad((error as Error).message)
  }
  const [titles = [], ...rows] = table
  return rows.map((cells, i) => {
    if (cells.length !== titles.length)
      throw bad(`row ${i + 1} has ${cells.length} cells, the titles are ${titles.length}`)
    return Object.fromEntries(
      titles.flatMap((title, at) => {
        const cell = cells[at] as string
        const bound = config.bounds[title.replace(/^params_/, '')]
        return cell === '' ? [] : [[title, bound === undefined ? cell : knobValue(cell, bound)]]
      }),
    )
  })
}

function knobValue(cell: string, bound: StudyBound): unknown {
  switch (bound.kind) {
    case 'boolean':
      return /^(true|1)$/i.test(cell) ? true : /^(false|0)$/i.test(cell) ? false : cell
    case 'choice':
      return bound.choices?.find((choice) => String(choice) === cell) ?? cell
    default:
      return parseResult(cell) ?? cell
  }
}

function trialOf(row: Row, where: string, config: StudyConfig): ImportedTrial | undefined {
  const value = numberOf(
    row.value ?? row.values_0 ?? (Array.isArray(row.values) ? row.values[0] : undefined),
    where,
    'value',
  )
  const margin = numberOf(row.margin, where, 'margin')
  const said =
    row.state === undefined ? undefined : STATES[String(row.state).split('.').at(-1)?.toLowerCase() as string]
  if (row.state !== undefined && said === undefined)
    throw bad(`${where}: state must be one of ${Object.keys(STATES).join(', ')}, received ${show(row.state)}`)
  const outcome = said ?? (row.failed !== undefined ? 'failed' : value === undefined ? 'open' : 'complete')
  if (outcome === 'open') return undefined
  return {
    where,
    params: paramsOf(row, where, config),
    outcome,
    value: value ?? Number.NaN,
    margin: margin ?? Number.NaN,
  }
}

function paramsOf(row: Row, where: string, config: StudyConfig): Row {
  if (typeof row.params === 'object' && row.params !== null) return row.params as Row
  const names = Object.keys(config.bounds)
  const prefix = names.some((name) => `params_${name}` in row) ? 'params_' : ''
  const missing = names.find((name) => !(`${prefix}${name}` in row))
  if (missing !== undefined) throw bad(`${where} has no value for the knob ${missing}`)
  return Object.fromEntries(names.map((name) => [name, row[`${prefix}${name}`]]))
}

function numberOf(given: unknown, where: string, what: string): number | undefined {
  if (given === undefined || given === null || given === '') return undefined
  const value = typeof given === 'number' ? given : parseResult(String(given))
  if (value === undefined) throw bad(`${where}: ${what} must be a number, received ${show(given)}`)
  return value
}

function bad(message: string): Error {
  return failure('HOMEOSTAT_INVALID_IMPORT', message)
}
