/** Waits for `work`, but not longer than `ms`; a failure of `work` is its owner's to report. */
export async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([
    work.then(
      () => undefined,
      () => undefined,
    ),
    timeout,
  ])
  clearTimeout(timer)
}
