import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A folder of this test's own, gone when it ends. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'homeostat-test-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Waits until `condition` holds, at most `ms`. */
export async function until(condition: () => boolean, ms = 60_000): Promise<void> {
  const end = performance.now() + ms
  while (!condition()) {
    if (performance.now() > end) throw new Error(`still not so after ${ms} ms: ${condition}`)
    await sleep(5)
  }
}
