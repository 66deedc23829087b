/**
 * Entries in words.
 */
import { number, params, value } from '../ui/format.js'
import { clean, padEnd, type Style, shorten, width } from '../ui/terminal.js'
import type { Entry } from './entries.js'

type Payload = Readonly<Record<string, unknown>>

/** Seconds since the start of the run, or of what is shown of it. */
export function describeEntry(entry: Entry, startUs: number, style: Style, columns: number): string {
  const seconds = ((entry.time_us - startUs) / 1e6).toFixed(3).padStart(10)
  const paint = PAINT[entry.event]
  const event = padEnd(entry.event, 12)
  const generation = `g${entry.generation}`.padEnd(6)
  const head = `${style.dim(`${seconds}  ${generation}`)} ${paint ? style[paint](event) : event}`
  return `${head} ${shorten(clean(detail(entry)), Math.max(columns - width(head) - 1, 10))}`.trimEnd()
}

const PAINT: Readonly<Record<string, 'red' | 'green' | 'yellow' | 'cyan'>> = {
  apply: 'green',
  certify: 'green',
  recovered: 'green',
  rollback: 'red',
  'safe-mode': 'red',
  overflow: 'red',
  gap: 'red',
  regression: 'yellow',
  drift: 'yellow',
  held: 'yellow',
  start: 'cyan',
  stop: 'cyan',
}

function detail({ event, payload, run_id, proposal_id }: Entry): string {
  switch (event) {
    case 'start':
      return `run ${run_id}  ${text(payload.name)}  mode ${text(payload.mode)}`
    case 'window':
      return window(payload)
    case 'proposal':
      return `#${proposal_id} ${text(payload.kind)}: ${text(payload.verdict)}${evidence(payload.evidence)}`
    case 'apply':
    case 'rollback':
      return `${proposal_id === null ? '' : `#${proposal_id} `}${text(payload.kind)}  ${params(record(payload.values))}`
    case 'certify':
    case 'propose':
      return params(record(payload.values ?? payload))
    case 'regression':
      return evidence(payload.evidence).trim()
    case 'trial-end':
    case 'recommend':
      return `${text(payload.knob)}=${value(payload.value)}${evidence(payload.evidence)}`
    default:
      return short(payload)
  }
}

function window(payload: Payload): string {
  const parts = [
    typeof payload.objective === 'number' ? `objective ${number(payload.objective)}` : 'no objective',
    `${value(payload.samples)} samples`,
    ...(payload.validity === 'valid' ? [] : [text(payload.validity)]),
    ...(typeof payload.constraint_margin === 'number' ? [`margin ${number(payload.constraint_margin)}`] : []),
  ]
  return parts.join(', ')
}

const evidence = (given: unknown): string => {
  const said = short(record(given))
  return said === '' ? '' : `  ${said}`
}

/** What a payload holds, nested records cut short. */
function short(payload: Payload): string {
  return Object.entries(payload)
    .map(([key, v]) => {
      if (typeof v === 'number') return `${key}=${number(v)}`
      if (typeof v === 'object' && v !== null)
        return `${key}(${Array.isArray(v) ? v.map(value).join(' ') : short(v as Payload)})`
      return `${key}=${text(v)}`
    })
    .join(' ')
}

const text = (v: unknown): string => (v === undefined || v === null ? '-' : String(v))
const record = (v: unknown): Payload => (typeof v === 'object' && v !== null ? (v as Payload) : {})
