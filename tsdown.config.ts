import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig, type UserConfig } from 'tsdown'

/** The build script builds beside the present `dist` and swaps the folders; by hand the result goes to `dist`. */
const out = process.env.HOMEOSTAT_DIST ?? 'dist'

const RUNTIMES = ['node', 'browser', 'workerd', 'edge-light', 'deno', 'bun']
/** Where a CommonJS consumer exists that no bundler serves. */
const COMMONJS = ['node']
const CAPABILITIES = ['testing', 'shadow', 'metrics', 'openfeature']
const ADAPTERS = ['express', 'fastify', 'hono', 'undici']
/** Stores where there are no files and databases; those where there are some are built apart. */
const STORAGE = { storage: 'ts/storage/index.ts' }

/** Every core has an entry per runtime. */
const runtimes = (names: string[]) =>
  Object.fromEntries(
    names.flatMap((name) => [
      [name, `ts/entries/${name}.ts`],
      [`solver-${name}`, `ts/entries/solver/${name}.ts`],
      [`resilience-${name}`, `ts/entries/resilience/${name}.ts`],
      [`flow-${name}`, `ts/entries/flow/${name}.ts`],
      [`server-${name}`, `ts/entries/server/${name}.ts`],
      [`forge-${name}`, `ts/entries/forge/${name}.ts`],
    ]),
  )
const capabilities = Object.fromEntries([
  ...CAPABILITIES.map((name) => [name, `ts/${name}/index.ts`]),
  ...ADAPTERS.map((name) => [name, `ts/adapters/${name}/index.ts`]),
])

/**
 * The WebAssembly modules stay files of their own, beside both formats, at the same relative place for each of them:
 * runtimes that compile modules ahead (workerd) import them, the others fetch or read them.
 */
const WASM = /\/(homeostat(?:_\w+)?_bg\.wasm)$/
const wasmBeside = {
  name: 'wasm-beside',
  resolveId: (id: string) => {
    const file = WASM.exec(id)?.[1]
    return file === undefined ? undefined : { id: `../wasm/${file}`, external: true as const }
  },
}

const shared: UserConfig = {
  platform: 'neutral',
  target: 'es2022',
  clean: false,
  dts: true,
  sourcemap: true,
  treeshake: true,
  report: false,
  deps: { neverBundle: [/^node:/] },
  plugins: [wasmBeside],
}

/** What CommonJS has instead of `import.meta`. The bundler's own shim writes `require("url")` in place, which a local `require` shadows. */
const IMPORT_META_URL = "const importMetaUrl = require('node:url').pathToFileURL(__filename).href"

/**
 * Stores bundle the builder of their queries, so that a store needs its database's package only. It is large and little of it is
 * used: smaller code is less memory, of which a store has a budget.
 */
const kysely = `/*! Includes kysely.\n\n${readFileSync('node_modules/kysely/LICENSE', 'utf8').trim()}\n*/`
const storage: UserConfig = {
  ...shared,
  entry: { 'storage-node': 'ts/storage/node/index.ts' },
  minify: true,
  deps: { neverBundle: [/^node:/], alwaysBundle: ['kysely'], onlyBundle: false },
}

/** The command line bundles what it parses its arguments with, so that the package has no dependencies. */
const commander = readFileSync('node_modules/commander/LICENSE', 'utf8').trim()

export default defineConfig([
  {
    ...shared,
    format: 'esm',
    outDir: join(out, 'esm'),
    entry: {
      ...runtimes(RUNTIMES),
      ...capabilities,
      ...STORAGE,
      'forge-worker': 'ts/entries/forge/worker.ts',
      'forge-worker-node': 'ts/forge/node/worker.ts',
    },
    outExtensions: () => ({ js: '.js', dts: '.d.ts' }),
  },
  {
    ...shared,
    format: 'cjs',
    outDir: join(out, 'cjs'),
    entry: { ...runtimes(COMMONJS), ...capabilities },
    outExtensions: () => ({ js: '.cjs', dts: '.d.cts' }),
    define: { 'import.meta.url': 'importMetaUrl' },
    banner: { js: IMPORT_META_URL },
  },
  {
    ...storage,
    format: 'esm',
    outDir: join(out, 'esm'),
    outExtensions: () => ({ js: '.js', dts: '.d.ts' }),
    banner: { js: kysely },
  },
  {
    ...storage,
    format: 'cjs',
    outDir: join(out, 'cjs'),
    outExtensions: () => ({ js: '.cjs', dts: '.d.cts' }),
    banner: { js: kysely },
  },
  {
    ...shared,
    platform: 'node',
    format: 'esm',
    outDir: join(out, 'cli'),
    entry: { homeostat: 'ts/cli/homeostat.ts' },
    outExtensions: () => ({ js: '.js' }),
    dts: false,
    // Stores are those of the installed package, loaded where one is named.
    deps: { alwaysBundle: ['commander'], neverBundle: [/^node:/, /^homeostat\//] },
    banner: { js: `/*! Includes commander.\n\n${commander}\n*/` },
  },
])
