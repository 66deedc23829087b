/** What a reader knows of changes, newest first, after newer ones came: an answer of before says of more than one that it is live. */
import type { Change } from '../server/api/state.js'

/** Of changes of values only the last one is live. */
export function settled(changes: readonly Change[]): Change[] {
  let live = false
  return changes.map((one) => {
    if (one.standing !== 'live') return one
    const first = !live
    live = true
    return first ? one : { ...one, standing: 'superseded' as const }
  })
}
