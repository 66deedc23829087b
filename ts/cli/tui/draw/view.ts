/** What a frame is drawn from: what is known, and what the person looks at. */
import type { Change, TunerState } from '../../../server/api/state.js'
import type { Seen } from '../watch.js'
import type { Paints } from './text.js'

export interface Prompt {
  readonly question: string
  /** What would happen, in lines. */
  readonly detail: readonly string[]
}

export interface View {
  readonly seen: Seen
  readonly tuner: TunerState | undefined
  readonly columns: number
  readonly rows: number
  readonly nowMs: number
  /** Where it looks: an address, a folder, a store. */
  readonly where: string
  readonly tab: string
  /** Which line of the present view is chosen. */
  readonly cursor: number
  /** The chosen knob, also where another view is shown. */
  readonly knob: number
  /** Whether the chosen line shows all it has. */
  readonly open: boolean
  readonly help: boolean
  /** Whether probes are shown among the changes. */
  readonly probes: boolean
  readonly prompt: Prompt | undefined
  readonly said: { readonly text: string; readonly bad: boolean } | undefined
  readonly spanMs: number
  readonly paint: Paints
}

export interface Tab {
  readonly id: string
  readonly title: string
}

/** Views that there is something for. */
export function tabsOf({ seen, tuner }: Pick<View, 'seen' | 'tuner'>): Tab[] {
  const { state, witnesses } = seen
  const title = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1)
  return [
    { id: 'overview', title: 'Overview' },
    ...(tuner === undefined ? [] : [{ id: 'changes', title: 'Changes' }]),
    ...(state?.reflex == null ? [] : [{ id: 'breakers', title: 'Breakers' }]),
    ...(witnesses.length === 0 ? [] : [{ id: 'cascades', title: 'Cascades' }]),
    ...((state?.queues.length ?? 0) === 0 ? [] : [{ id: 'queues', title: 'Queues' }]),
    ...Object.keys(state?.sections ?? {}).map((name) => ({ id: `section ${name}`, title: title(name) })),
  ]
}

/** The changes that are to be seen. */
export function changesOf({ seen, probes }: Pick<View, 'seen' | 'probes'>): readonly Change[] {
  if (!probes) return seen.changes
  return [...seen.changes, ...seen.probes].sort((a, b) => b.atMs - a.atMs || b.seq - a.seq)
}

/** Where a cursor may stand: the lines of a view that can be chosen. */
export function linesOf(view: Pick<View, 'seen' | 'tuner' | 'tab' | 'probes'>): number {
  const { seen, tuner, tab } = view
  if (tab === 'overview') return tuner?.knobs.length ?? 0
  if (tab === 'changes') return changesOf(view).length
  if (tab === 'breakers') return seen.state?.reflex?.componentStates.length ?? 0
  if (tab === 'cascades') return seen.witnesses.length
  return Number.MAX_SAFE_INTEGER
}

/** Part of a list of which only so much can be seen, with the chosen line in it. */
export function windowOf(count: number, room: number, cursor: number): { readonly from: number; readonly to: number } {
  const size = Math.max(0, Math.min(count, room))
  const from = Math.max(0, Math.min(cursor - Math.floor(size / 2), count - size))
  return { from, to: from + size }
}
