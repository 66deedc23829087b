/**
 * Brings a study up to what another process appended, without reading all of it again.
 *
 * The same build on the same history does the same, so that each line is done here too; the lines that this core writes for it
 * must then be the very bytes that the other process wrote, hashes included.
 */
import { OUTCOME_COMPLETE, OUTCOME_FAILED, OUTCOME_PRUNED, type SolverCore } from '../../binding.js'
import type { Knobs } from './knobs.js'

interface Outcome {
  readonly trial: number
  readonly params?: unknown
  readonly value?: number | null
  readonly margin?: number
  readonly failed?: string
  readonly pruned?: boolean
}
interface Line {
  readonly ask?: unknown
  readonly tell?: Outcome
  readonly add?: Outcome
}

/** False where it came out differently (another build wrote them): the core has to be thrown away. */
export function applyLines(core: SolverCore, knobs: Knobs, bytes: Uint8Array): boolean {
  const values = new Float64Array(knobs.length)
  try {
    for (const text of new TextDecoder().decode(bytes).split('\n')) {
      if (text !== '') applyLine(core, knobs, JSON.parse(text) as Line, values)
    }
  } catch {
    return false
  }
  return Buffer.compare(core.takeLog(), bytes) === 0
}

function applyLine(core: SolverCore, knobs: Knobs, line: Line, values: Float64Array): void {
  if (line.ask !== undefined) core.ask(values)
  else if (line.tell !== undefined) {
    const { outcome, value, margin, reason } = outcomeOf(line.tell)
    core.tell(line.tell.trial, outcome, value, margin, reason)
  } else if (line.add !== undefined) {
    const { outcome, value, margin } = outcomeOf(line.add)
    core.add(knobs.toValues(line.add.params, values), outcome, value, margin)
  } else throw new Error('a line that only another build writes')
}

function outcomeOf({ value, margin = Number.NaN, failed, pruned }: Outcome) {
  const outcome = failed !== undefined ? OUTCOME_FAILED : pruned === true ? OUTCOME_PRUNED : OUTCOME_COMPLETE
  return { outcome, value: value ?? Number.NaN, margin, reason: failed ?? '' }
}
