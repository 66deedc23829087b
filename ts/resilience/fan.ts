/**
 * One listener per signal, however many calls wait on it: a signal that a whole server shares would otherwise carry thousands, which
 * costs microseconds each and makes some runtimes warn of a leak. The listener goes when the last call does.
 */
interface Fan {
  readonly listeners: Set<() => void>
  readonly heard: () => void
}

const fans = new WeakMap<AbortSignal, Fan>()

/** Calls back when the signal is aborted. Returns how to stop listening. */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  const fan = fans.get(signal) ?? open(signal)
  fan.listeners.add(listener)
  return () => {
    if (fan.listeners.delete(listener) && fan.listeners.size === 0 && fans.get(signal) === fan) {
      fans.delete(signal)
      signal.removeEventListener('abort', fan.heard)
    }
  }
}

function open(signal: AbortSignal): Fan {
  const listeners = new Set<() => void>()
  const heard = (): void => {
    fans.delete(signal)
    for (const listener of [...listeners]) listener()
  }
  const fan = { listeners, heard }
  fans.set(signal, fan)
  signal.addEventListener('abort', heard, { once: true })
  return fan
}
