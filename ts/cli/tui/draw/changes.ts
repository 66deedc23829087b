/** Changes, the newest first; the chosen one with the evidence that it rests on. */
import { changeWord, clock, knobValue, number, toneOf, words } from '../../../dashboard/format.js'
import type { Change, TunerState } from '../../../server/api/state.js'
import type { Paint } from '../../ui/terminal.js'
import { fitted, type Paints, row } from './text.js'
import { changesOf, type View, windowOf } from './view.js'

const DEPTH_MAX = 3
const ITEMS_MAX = 40

const paintOf = (paint: Paints, type: Change['type']): Paint =>
  ({ move: paint.cyan, bad: paint.red, guard: paint.yellow, plain: paint.dim })[toneOf(type)]

function moved({ knobs, type, evidence, kind }: Change, tuner: TunerState | undefined): string {
  const shape = (name: string) => tuner?.knobs.find((knob) => knob.name === name) ?? { kind: 'number' as const }
  if (knobs.length > 0)
    return knobs
      .map(({ name, from, to }) => `${name} ${knobValue(shape(name), from)} → ${knobValue(shape(name), to)}`)
      .join(', ')
  const { reason, knob, verdict, mode, control } = evidence as Record<string, unknown>
  const found = [reason, verdict, knob, mode, control]
    .filter((one) => typeof one === 'string' && one !== 'approved')
    .map((one) => words(String(one)))
  if (found.length > 0) return found.join(', ')
  return type === 'operator' && kind === null ? 'by hand' : ''
}

function changeLine({ columns, paint, tuner }: View, change: Change, chosen: boolean): string {
  const type = paintOf(paint, change.type)
  const standing =
    change.standing === 'live'
      ? paint.green('live')
      : change.standing === 'rolled-back'
        ? paint.red('rolled back')
        : paint.dim(change.standing ?? '')
  const kind = change.kind === null ? '' : paint.dim(words(change.kind))
  const narrow = columns < 60
  const fixed = 2 + 8 + 1 + 12 + 1
  const kindCells = narrow ? 0 : 11
  const standingCells = narrow ? 0 : 11
  return row([
    { text: chosen ? paint.bold('▸') : ' ', cells: 1 },
    { text: paint.dim(clock(change.atMs)), cells: 8 },
    { text: type(changeWord(change.type)), cells: 12 },
    { text: kind, cells: kindCells },
    { text: standing, cells: standingCells },
    { text: moved(change, tuner), cells: columns - fixed - (narrow ? 0 : kindCells + standingCells + 2) },
  ])
}

/** Lines of names and values, whatever they are. */
export function evidenceLines(given: unknown, cells: number, paint: Paints, indent = 4, depth = 0): string[] {
  const entries = Object.entries(Object(given) as Record<string, unknown>).filter(([, value]) => value != null)
  return entries.slice(0, ITEMS_MAX).flatMap(([name, value]) => {
    const head = `${' '.repeat(indent)}${paint.dim(words(name))}`
    if (isPlain(value) || depth >= DEPTH_MAX) return [fitted(`${head}  ${shown(value)}`, cells)]
    return [fitted(head, cells), ...evidenceLines(value, cells, paint, indent + 2, depth + 1)]
  })
}

const isPlain = (value: unknown): boolean =>
  typeof value !== 'object' || value === null || (Array.isArray(value) && value.every((one) => typeof one !== 'object'))

export function shown(value: unknown): string {
  if (typeof value === 'number') return number(value, 4)
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'string') return value
  if (value === null || value === undefined) return '–'
  if (Array.isArray(value) && isPlain(value)) return value.slice(0, ITEMS_MAX).map(shown).join(', ') || 'none'
  return JSON.stringify(value).slice(0, 300)
}

/** The changes in at most `room` lines. */
export function changeLines(view: View, room: number, chosen: boolean): string[] {
  const { paint, columns, cursor, open } = view
  const changes = changesOf(view)
  if (changes.length === 0) return room > 0 ? [fitted(paint.dim('  Nothing was changed yet.'), columns)] : []
  const detail = chosen && open ? evidenceOf(view, changes[cursor]) : []
  const evidence = detail.slice(0, Math.max(0, room - 1))
  const { from, to } = windowOf(changes.length, room - evidence.length, chosen ? cursor : 0)
  return changes.slice(from, to).flatMap((change, i) => {
    const here = chosen && from + i === cursor
    return [changeLine(view, change, here), ...(here ? evidence : [])]
  })
}

function evidenceOf({ columns, paint }: View, change: Change | undefined): string[] {
  if (change === undefined) return []
  const place = `    ${paint.dim('in the journal')}  entry ${change.seq} of run ${change.runId}, generation ${change.generation}`
  const found = evidenceLines(change.evidence, columns, paint)
  return [
    fitted(place, columns),
    ...(found.length === 0 ? [fitted(paint.dim('    The journal says no more.'), columns)] : found),
  ]
}
