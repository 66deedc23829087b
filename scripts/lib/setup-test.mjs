import { apt } from './apt.mjs'
import { StepError } from './errors.mjs'
import { ensurePackages } from './npm.mjs'
import { at } from './paths.mjs'
import { say, step } from './progress.mjs'
import { onPath } from './rust/probe.mjs'

/**
 * What only the packaging test needs: other Node versions, workerd, Deno and Bun from npm, and a browser from the
 * system. A browser that cannot be installed is no error: the check that needs it is skipped, and says so.
 */
export async function setupTest() {
  await ensurePackages(at('test', 'packaging'), 'test runtimes')
  if (process.platform !== 'linux' || process.env.CHROMIUM) return
  if (['chromium', 'chromium-browser', 'google-chrome', 'chrome'].some((name) => onPath(name))) return
  if (!(await apt.usable()) || !(await apt.candidate('chromium'))) return
  try {
    await step('Chromium from Debian', (note) => apt.install(['chromium'], note))
  } catch (error) {
    if (!(error instanceof StepError)) throw error
    say(`  Chromium cannot be installed: ${error.message}`)
  }
}
