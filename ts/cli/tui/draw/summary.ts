/** Where a tuner stands, in the lines at the top: who, how well, and what a person should know first. */
import { clock, micros, number, percent, span, words } from '../../../dashboard/format.js'
import type { TunerState } from '../../../server/api/state.js'
import type { Paint } from '../../ui/terminal.js'
import { columnsOf } from './series.js'
import { fitted, joined, spark, wrapped } from './text.js'
import type { View } from './view.js'

export function header(view: View): string {
  const { seen, tuner, columns, paint, where, nowMs } = view
  const { connection, health, state } = seen
  const link =
    connection.is === 'live'
      ? paint.green('● live')
      : connection.is === 'connecting'
        ? paint.yellow('○ connecting')
        : paint.red(connection.is === 'lost' ? '○ lost' : '○ denied')
  const tone = health === 'failed' ? paint.red : health === 'degraded' ? paint.yellow : paint.green
  const tuners = state?.tuners ?? []
  const place = tuners.findIndex((one) => one.name === tuner?.name)
  const several = tuners.length > 1 ? paint.dim(` ${place + 1}/${tuners.length}`) : ''
  const parts = [
    `${paint.bold(tuner?.name ?? 'homeostat')}${several}`,
    link,
    health === null ? '' : tone(`health ${health}`),
    tuner === undefined ? '' : modeOf(view, tuner),
    tuner === undefined ? '' : paint.dim(`generation ${number(tuner.generation)}`),
    seen.role === 'read' ? paint.yellow('may only look') : '',
    paint.dim(where),
    paint.dim(clock(nowMs)),
  ]
  return fitted(joined(parts, columns), columns)
}

function modeOf({ paint }: View, { mode, control, ended, source }: TunerState): string {
  if (ended === true) return paint.yellow('ended')
  if (control !== 'on') return paint.yellow(`kill switch ${control}`)
  return `${mode}${source === 'journal' ? paint.dim(' (journal)') : ''}`
}

/** What must be seen at once, in two lines each at most; nothing where all is well. */
export function alerts({ seen, tuner, paint, nowMs, columns }: View): string[] {
  const { connection } = seen
  const found: (readonly [Paint, string])[] = []
  if (connection.is === 'lost') {
    const left = Math.max(0, Math.ceil((connection.retryAtMs - nowMs) / 1000))
    found.push([paint.red, `${connection.why}; trying again in ${left} s. What is shown is the last that was known.`])
  } else if (connection.is === 'denied') found.push([paint.red, connection.why])
  if (tuner !== undefined) {
    const { failure, safeMode, journal } = tuner
    if (failure !== null) found.push([paint.red, `Stopped for good, knobs at their initial values: ${failure}`])
    if (safeMode !== null) {
      const { reason, remainingMs } = safeMode
      const until = remainingMs === null ? 'until somebody leaves it (s)' : `for another ${span(remainingMs)}`
      found.push([paint.yellow, `SafeMode since ${words(reason)}: nothing changes ${until}.`])
    }
    if (journal.failure !== null) found.push([paint.red, `The journal cannot be written: ${journal.failure}`])
    if (journal.dropped + journal.lost > 0)
      found.push([paint.yellow, `The journal was full: ${number(journal.dropped)} inputs were not processed.`])
  }
  const ongoing = seen.witnesses.find(({ recoveredAtMs }) => recoveredAtMs === null)
  if (ongoing !== undefined) found.push([paint.red, `Cascade, likely from ${ongoing.rootCause}: ${ongoing.words}`])
  return found.flatMap(([colour, text]) => {
    const lines = wrapped(text, columns)
    const shown = lines.length > 2 ? [lines[0] as string, lines.slice(1).join(' ')] : lines
    return shown.map((line) => colour(fitted(line, columns)))
  })
}

/** The objective with its confidence, and what it is reached with. */
export function figures({ seen, tuner, paint, columns, nowMs }: View): string[] {
  if (tuner === undefined) return []
  const { objective, window, windows, validWindows, changedAtMs } = tuner
  const { mean, low, high } = objective
  const sure = low === null || high === null ? 'not sure yet' : `${number(low)} to ${number(high)}, 95 % sure`
  const said = `objective ${paint.bold(number(mean))} ${paint.dim(`(${sure})`)}`
  const cells = Math.max(0, Math.min(60, columns - 46))
  const values = columnsOf(seen.history, 'objective', cells, false).map((one) => one?.mean ?? null)
  const known = values.filter((one) => one !== null)
  const line = known.length === 0 ? '' : paint.green(spark(values, Math.min(...known), Math.max(...known)))
  const margin = window?.constraintMargin ?? null
  const parts = [
    window?.latencyP99Us == null ? '' : `p99 ${paint.bold(micros(window.latencyP99Us))}`,
    window?.throughputRps == null ? '' : `${paint.bold(number(window.throughputRps))}/s`,
    margin === null
      ? ''
      : margin < 0
        ? paint.red(`a constraint is missed by ${percent(-margin)}`)
        : paint.dim(`${percent(margin)} below the nearest limit`),
    changedAtMs === null ? '' : paint.dim(`changed ${span(Math.max(0, nowMs - changedAtMs))} ago`),
    paint.dim(`${number(validWindows)} of ${number(windows)} windows taught`),
  ]
  return [fitted(joined([said, line], columns), columns), fitted(joined(parts, columns), columns)]
}
