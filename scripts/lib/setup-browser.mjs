import { apt } from './apt.mjs'
import { StepError } from './errors.mjs'
import { ensurePackages } from './npm.mjs'
import { at } from './paths.mjs'
import { say, step } from './progress.mjs'
import { onPath } from './rust/probe.mjs'

/** A browser of the system. Where none can be installed it is no error: what needs one is skipped, and says so. */
export async function ensureChromium(note) {
  if (process.platform !== 'linux' || process.env.CHROMIUM) return
  if (['chromium', 'chromium-browser', 'google-chrome', 'chrome'].some((name) => onPath(name))) return
  if (!(await apt.usable()) || !(await apt.candidate('chromium'))) return
  try {
    // Within another step there is one line for both.
    if (note) await apt.install(['chromium'], note)
    else await step('Chromium from Debian', (line) => apt.install(['chromium'], line))
  } catch (error) {
    if (!(error instanceof StepError)) throw error
    say(`  Chromium cannot be installed: ${error.message}`)
  }
}

/** A browser's remote control and a checker of accessibility. */
export const setupDashboard = () => ensurePackages(at('test', 'dashboard'), 'dashboard tests')

/** What the dashboard is tried with: these, and a browser. */
export async function setupBrowser(note) {
  await setupDashboard()
  await ensureChromium(note)
}
