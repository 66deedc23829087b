/** Gives the event loop its turn. Where there is no `setImmediate` a timer of 0 does, which may take a few milliseconds. */
export function turn(): Promise<void> {
  const { setImmediate: soon } = globalThis as { setImmediate?: (then: () => void) => unknown }
  return new Promise((resolve) => {
    if (soon === undefined) setTimeout(resolve, 0)
    else soon(resolve)
  })
}
