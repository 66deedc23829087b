import { defineConfig } from 'vitest/config'

/** Projects do not take this over from what they are in. */
const testTimeout = 30_000

/** One suite, both bindings: the façade obeys HOMEOSTAT_BINDING, the tests do not know which one they run on. */
const binding = (name: 'native' | 'wasm') => ({
  test: {
    name,
    include: ['ts/**/*.test.ts', 'test/**/*.test.ts', 'demo/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'test/cli/**', 'test/packaging/**', 'test/repository/**'],
    env: { HOMEOSTAT_BINDING: name },
    testTimeout,
    typecheck: { enabled: false },
  },
})

export default defineConfig({
  test: {
    passWithNoTests: false,
    projects: [
      binding('native'),
      binding('wasm'),
      // Over the built command line, which chooses its core itself. Its tests wait for processes: a file per processor, after the others.
      {
        test: {
          name: 'cli',
          include: ['test/cli/**/*.test.ts'],
          testTimeout,
          maxWorkers: '100%',
          sequence: { groupOrder: 1 },
        },
      },
      { test: { name: 'repository', include: ['test/repository/**/*.test.ts'], testTimeout } },
    ],
  },
})
