/** Waiting that a signal ends. What was dispatched is not recalled: only nobody waits for it any more. */
import { HomeostatError } from '../errors.js'

const abortedError = (signal: AbortSignal): HomeostatError =>
  new HomeostatError('HOMEOSTAT_ABORTED', 'the signal was aborted', { cause: signal.reason })

export function aborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw abortedError(signal)
}

export async function untilAborted<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (signal === undefined) return work
  let stop: (() => void) | undefined
  const ended = new Promise<never>((_, reject) => {
    stop = () => reject(abortedError(signal))
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
  })
  try {
    return await Promise.race([work, ended])
  } finally {
    signal.removeEventListener('abort', stop as () => void)
    // Its failure after the abort is nobody's.
    work.catch(() => undefined)
  }
}
