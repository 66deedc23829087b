/** Waiting that counts only the time in which this thread ran: a page that was frozen or a laptop that slept has no device that hangs. */

/** Timers that a wait is made of. Each that is overdue counts as one, however long the thread stood still. */
const STEPS = 20

/** Calls `late` once after `ms` milliseconds in which the thread ran, unless what it gives back is called before. */
export function afterAwake(ms: number, late: () => void): () => void {
  let steps = 0
  let timer = setTimeout(step, ms / STEPS)
  function step(): void {
    steps += 1
    if (steps === STEPS) late()
    else timer = setTimeout(step, ms / STEPS)
  }
  return () => clearTimeout(timer)
}
