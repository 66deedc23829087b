import type { Change } from '../messages.js'
import { knobValue } from './format.js'

/** Moves of one knob in one direction, one after the other, read as one. */
export interface ChangeGroup {
  readonly fromMs: number
  readonly toMs: number
  readonly count: number
  readonly text: string
  readonly why: string
}

/** Steps further apart than this are told apart. */
const APART_MS = 4000

export function groupChanges(changes: readonly Change[]): ChangeGroup[] {
  const groups: Change[][] = []
  const open = new Map<string, Change[]>()
  for (const change of changes) {
    const key = `${change.kind} ${change.knob ?? ''}`
    const group = open.get(key)
    const last = group?.at(-1)
    if (group && last && change.atMs - last.atMs <= APART_MS && direction(change) === direction(last))
      group.push(change)
    else {
      const fresh = [change]
      groups.push(fresh)
      open.set(key, fresh)
    }
  }
  return groups.map((group) => {
    const first = group[0] as Change
    const last = group.at(-1) as Change
    return {
      fromMs: first.atMs,
      toMs: last.atMs,
      count: group.length,
      text: text(first, last, group.length),
      why: last.why,
    }
  })
}

function direction({ from, to }: Change): number {
  return from === undefined || to === undefined ? 0 : Math.sign(to - from)
}

function text(first: Change, last: Change, count: number): string {
  const steps = count > 1 ? ` in ${count} steps` : ''
  const what = first.kind === 'applied' ? (first.knob ?? '') : `${first.kind} ${first.knob ?? ''}`.trim()
  if (first.from === undefined || last.to === undefined) return count > 1 ? `${what}, ${count} times` : what
  return `${what} ${knobValue(first.from)} → ${knobValue(last.to)}${steps}`
}
