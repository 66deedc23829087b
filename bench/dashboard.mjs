// The dashboard by the clock: first paint, and tasks over 50 ms while a million points are panned.
import { spawnSync } from 'node:child_process'
import process from 'node:process'
import { setupBrowser } from '../scripts/lib/setup-browser.mjs'

await setupBrowser()
const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'dashboard', 'test/dashboard/speed.test.ts']
const env = { ...process.env, HOMEOSTAT_DASHBOARD_CLOCK: '1' }
process.exitCode = spawnSync(process.execPath, vitest, { stdio: 'inherit', env }).status ?? 1
