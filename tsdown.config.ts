import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig, type UserConfig } from 'tsdown'

/** The build script builds beside the present `dist` and swaps the folders; by hand the result goes to `dist`. */
const out = process.env.HOMEOSTAT_DIST ?? 'dist'

const RUNTIMES = ['node', 'browser', 'workerd', 'edge-light', 'deno', 'bun']
/** Where a CommonJS consumer exists that no bundler serves. */
const COMMONJS = ['node']
const CAPABILITIES = ['testing', 'shadow']
const ADAPTERS = ['express', 'fastify', 'hono', 'undici']
/** Where there are files and databases, and where there are none. */
const STORAGE = { 'storage-node': 'ts/storage/node/index.ts' }
const STORAGE_ANYWHERE = { storage: 'ts/storage/index.ts' }

/** Every core has an entry per runtime. */
const runtimes = (names: string[]) =>
  Object.fromEntries(
    names.flatMap((name) => [
      [name, `ts/entries/${name}.ts`],
      [`solver-${name}`, `ts/entries/solver/${name}.ts`],
      [`resilience-${name}`, `ts/entries/resilience/${name}.ts`],
      [`flow-${name}`, `ts/entries/flow/${name}.ts`],
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
  // The queries' builder is part of what needs it, so that a store needs its database's package only.
  deps: { neverBundle: [/^node:/], alwaysBundle: ['kysely'] },
  plugins: [wasmBeside],
}

const kysely = `/*! Includes kysely.\n\n${readFileSync('node_modules/kysely/LICENSE', 'utf8').trim()}\n*/`
const licence = (fileName: string): string => (fileName.includes('storage-node') ? `${kysely}\n` : '')

/** The command line bundles what it parses its arguments with, so that the package has no dependencies. */
const commander = readFileSync('node_modules/commander/LICENSE', 'utf8').trim()

export default defineConfig([
  {
    ...shared,
    format: 'esm',
    outDir: join(out, 'esm'),
    entry: { ...runtimes(RUNTIMES), ...capabilities, ...STORAGE, ...STORAGE_ANYWHERE },
    outExtensions: () => ({ js: '.js', dts: '.d.ts' }),
    banner: ({ fileName }) => licence(fileName),
  },
  {
    ...shared,
    format: 'cjs',
    outDir: join(out, 'cjs'),
    entry: { ...runtimes(COMMONJS), ...capabilities, ...STORAGE },
    outExtensions: () => ({ js: '.cjs', dts: '.d.cts' }),
    // The bundler's own shim writes `require("url")` in place, which a local variable named `require` shadows.
    define: { 'import.meta.url': 'importMetaUrl' },
    banner: ({ fileName }) =>
      fileName.endsWith('.cjs')
        ? `${licence(fileName)}const importMetaUrl = require('node:url').pathToFileURL(__filename).href`
        : '',
  },
  {
    ...shared,
    platform: 'node',
    format: 'esm',
    outDir: join(out, 'cli'),
    entry: { homeostat: 'ts/cli/homeostat.ts' },
    outExtensions: () => ({ js: '.js' }),
    dts: false,
    deps: { alwaysBundle: ['commander'] },
    banner: { js: `/*! Includes commander.\n\n${commander}\n*/` },
  },
])
