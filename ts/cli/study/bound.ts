/**
 * Knobs on the command line: `lr=1e-5..1:log`, `depth=1..12:integer`, `cache=64kB..1GiB:bytes:log`, `wait=10ms..2s`,
 * `mode=fast|safe|off`, `verbose=boolean`.
 */
import type { StudyBound } from '../../binding.js'
import { show } from '../../errors.js'
import { parseBytes, parseDuration } from '../../units.js'
import { usage } from '../exit.js'

const SCALES = ['linear', 'log', 'periodic'] as const
const KINDS = ['number', 'integer', 'duration', 'bytes'] as const

export function parseBound(text: string): readonly [string, StudyBound] {
  const equals = text.indexOf('=')
  const name = text.slice(0, equals)
  const spec = text.slice(equals + 1)
  if (equals <= 0 || spec === '') throw wrong(text)
  if (spec === 'boolean') return [name, { kind: 'boolean' }]
  if (spec.includes('|')) return [name, { kind: 'choice', choices: spec.split('|') }]
  const [range = '', ...words] = spec.split(':')
  const ends = range.split('..')
  if (ends.length !== 2) throw wrong(text)
  const scale = SCALES.find((known) => words.includes(known))
  const kind = KINDS.find((known) => words.includes(known)) ?? guess(ends)
  if (words.some((word) => word !== scale && word !== kind)) throw wrong(text)
  const read = kind === 'duration' ? parseDuration : kind === 'bytes' ? parseBytes : Number
  const [min, max] = ends.map((end) => (end === '' ? Number.NaN : read(plainNumber(end)))) as [number, number]
  if (Number.isNaN(min) || Number.isNaN(max)) throw wrong(text)
  return [name, { kind, min, max, ...(scale === undefined ? {} : { scale }) }]
}

/** `10` is a number of milliseconds or bytes too. */
const plainNumber = (text: string): never => (Number.isNaN(Number(text)) ? text : Number(text)) as never

function guess(ends: readonly string[]): (typeof KINDS)[number] {
  if (ends.every((end) => !Number.isNaN(Number(end)))) return 'number'
  if (ends.some((end) => typeof end === 'string' && !Number.isNaN(parseDuration(end)) && Number.isNaN(Number(end))))
    return 'duration'
  return 'bytes'
}

function wrong(text: string): Error {
  return usage(
    `--knob must be like lr=1e-5..1:log, depth=1..12:integer, wait=10ms..2s, mode=fast|safe or flag=boolean, received ${show(text)}`,
  )
}
