import { defineConfig } from 'vitest/config'

/**
 * What every project has; they do not take it over from what they are in. A file per processor: vitest alone would leave one of
 * two idle. The times are those after which something hangs, on a machine that is slow and busy, and no measure of anything:
 * vitest alone would give a poll one second.
 */
const common = {
  testTimeout: 60_000,
  hookTimeout: 60_000,
  maxWorkers: '100%',
  expect: { poll: { timeout: 25_000, interval: 20 } },
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
    projects: [
      binding('native'),
      binding('wasm'),
      // Over the built command line, which chooses its core itself. Its tests start processes and wait for them: after the others.
      {
        test: {
          name: 'cli',
          include: ['test/cli/**/*.test.ts'],
          ...common,
          sequence: { groupOrder: 1 },
        },
      },
      // Over a PostgreSQL and an S3 server of its own, which start once. Processes are killed and waited for: after the others, too.
      {
        test: {
          name: 'storage',
          include: ['test/storage/**/*.test.ts'],
          globalSetup: 'test/storage/support/setup.ts',
          ...common,
          sequence: { groupOrder: 1 },
        },
      },
      // Over sockets, whichever core: once is enough.
      { test: { name: 'server', include: ['test/server/**/*.test.ts'], ...common } },
      // In a browser, alone: it is timed.
      {
        test: {
          name: 'dashboard',
          include: ['test/dashboard/**/*.test.ts'],
          ...common,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
      { test: { name: 'repository', include: ['test/repository/**/*.test.ts'], ...common } },
    ],
  },
})
