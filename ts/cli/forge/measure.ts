/** How long runs take, their way to the device and back included. */
import { systemClock } from '../../clock.js'
import type { Elements } from '../../forge/elements.js'
import type { Kernel } from '../../forge/public.js'

export interface MeasureOptions {
  readonly signal?: AbortSignal
  readonly budgetMs?: number
  readonly least?: number
}

/** Milliseconds of a run: the median of at least `least` runs and about `budgetMs`; the first one does not count. */
export async function medianMs(
  kernel: Kernel,
  inputs: Readonly<Record<string, Elements>>,
  { signal, budgetMs = 500, least = 5 }: MeasureOptions = {},
): Promise<number> {
  const waiting = signal === undefined ? {} : { signal }
  await kernel.run(inputs, waiting)
  const times: number[] = []
  const start = systemClock.nowUs()
  while (times.length < least || (systemClock.nowUs() - start < budgetMs * 1000 && times.length < 1000)) {
    const before = systemClock.nowUs()
    await kernel.run(inputs, waiting)
    times.push((systemClock.nowUs() - before) / 1000)
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)] as number
}
