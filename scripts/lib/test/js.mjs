import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { installPeers } from '../../../bench/reflex/peers.mjs'
import { at, STATE } from '../paths.mjs'
import { run } from '../run.mjs'
import { setupBrowser, setupDashboard } from '../setup-browser.mjs'
import { setupServers } from '../setup-servers.mjs'
import { ensureVulkan } from '../setup-vulkan.mjs'
import { none, oneOf } from './counts.mjs'

const TAIL = 200
const node = ({ note }, args, log, options) => run(process.execPath, args, { log, note, tailLines: TAIL, ...options })

export const style = {
  title: 'style (biome)',
  run: async (context) =>
    oneOf(
      await node(
        context,
        [at('node_modules/@biomejs/biome/bin/biome'), 'check', '--error-on-warnings', '--colors=off'],
        'test-biome',
      ),
    ),
}

export const types = {
  title: 'types (tsc)',
  run: async (context) => {
    // Its types are among those that are checked.
    await setupDashboard()
    const again = ['--incremental', '--tsBuildInfoFile', join(STATE, 'tsc.tsbuildinfo')]
    return oneOf(
      await node(
        context,
        [at('node_modules/typescript/bin/tsc'), '--noEmit', '--pretty', 'false', ...again],
        'test-tsc',
      ),
    )
  },
}

const report = (name) => {
  mkdirSync(join(STATE, 'reports'), { recursive: true })
  const file = join(STATE, 'reports', name)
  rmSync(file, { force: true })
  return file
}

const readJson = (file) => {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

/** What the defects are shown in. Where they cannot be had their test is skipped, and says so. */
function setupPeers(note) {
  note?.('breakers that others use')
  try {
    installPeers()
  } catch (error) {
    note?.(error.message)
  }
}

export const unit = {
  title: 'vitest (every project)',
  async run(context) {
    await setupServers(context.note)
    await setupBrowser(context.note)
    await ensureVulkan(context.note)
    setupPeers(context.note)
    const file = report('vitest.json')
    const reporter = at('scripts', 'lib', 'test', 'vitest-reporter.mjs')
    const args = [at('node_modules/vitest/vitest.mjs'), 'run', '--reporter=default', `--reporter=${reporter}`]
    const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0', HOMEOSTAT_TEST_REPORT: file }
    const result = await node(context, args, 'test-vitest', { env })
    const counts = { ...none(), ...(readJson(file) ?? { failed: 1 }) }
    // An error outside of every test fails the run without a failed test.
    if (result.code !== 0 && counts.failed === 0) counts.failed = 1
    return { ...counts, tail: result.code === 0 ? [] : result.tail }
  },
}

export const packaging = {
  title: 'packed tarball in every runtime',
  slow: true,
  async run(context) {
    const file = report('packaging.json')
    const result = await node(context, [at('test/packaging/run.mjs'), '--json', file], 'test-packaging')
    const found = readJson(file)
    if (!found) return { ...none(), failed: 1, tail: result.tail }
    const count = (status) => found.checks.filter((check) => check.status === status)
    const failed = count('failed').length
    return {
      passed: count('passed').length,
      failed: result.code !== 0 && failed === 0 ? 1 : failed,
      skipped: count('skipped').length,
      reasons: count('skipped').map((check) => `${check.name}: ${check.reason}`),
      tail: result.code === 0 ? [] : result.tail,
    }
  },
}
