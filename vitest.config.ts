import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/**
 * What every project has; they do not take it over from what they are in. Three files for two processors: many tests wait for a
 * process, and vitest alone would leave one of two idle. The times are those after which something hangs, on a machine that is slow
 * and busy and stops for seconds at a time, and no measure of anything: vitest alone would give a poll one second.
 */
const common = {
  testTimeout: 240_000,
  hookTimeout: 240_000,
  maxWorkers: Math.ceil(availableParallelism() * 1.5),
  expect: { poll: { timeout: 60_000, interval: 20 } },
}

/** One suite, both bindings: the façade obeys HOMEOSTAT_BINDING, the tests do not know which one they run on. */
const binding = (name: 'native' | 'wasm') => ({
  test: {
    name,
    include: ['ts/**/*.test.ts', 'test/**/*.test.ts', 'demo/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'test/{cli,packaging,storage,repository,server,dashboard}/**'],
    env: { HOMEOSTAT_BINDING: name },
    ...common,
    typecheck: { enabled: false },
  },
})

export default defineConfig({
  test: {
    passWithNoTests: false,
    teardownTimeout: 120_000,
    // What was transformed once is not again. By content; `npx vitest --clearCache` forgets it.
    experimental: { fsModuleCache: true, fsModuleCachePath: '.cache/vitest' },
    projects: [
      binding('native'),
      binding('wasm'),
      // Over the built command line, which chooses its core itself.
      {
        test: {
          name: 'cli',
          include: ['test/cli/**/*.test.ts'],
          ...common,
        },
      },
      // Over a PostgreSQL and an S3 server of its own, which start once.
      {
        test: {
          name: 'storage',
          include: ['test/storage/**/*.test.ts'],
          globalSetup: 'test/storage/support/setup.ts',
          ...common,
        },
      },
      // Over sockets, whichever core: once is enough.
      { test: { name: 'server', include: ['test/server/**/*.test.ts'], ...common } },
      // In a browser.
      { test: { name: 'dashboard', include: ['test/dashboard/**/*.test.ts'], ...common } },
      { test: { name: 'repository', include: ['test/repository/**/*.test.ts'], ...common } },
    ],
  },
})
