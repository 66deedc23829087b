import { join } from 'node:path'
import { defineConfig, type UserConfig } from 'tsdown'

/** The build script builds beside the present `dist` and swaps the folders; by hand the result goes to `dist`. */
const out = process.env.HOMEOSTAT_DIST ?? 'dist'

const RUNTIMES = ['node', 'browser', 'workerd', 'edge-light', 'deno', 'bun']
/** Where a CommonJS consumer exists that no bundler serves. */
const COMMONJS = ['node']
const CAPABILITIES = ['testing', 'shadow']

const runtimes = (names: string[]) => Object.fromEntries(names.map((name) => [name, `ts/entries/${name}.ts`]))
const capabilities = Object.fromEntries(CAPABILITIES.map((name) => [name, `ts/${name}/index.ts`]))

/**
 * The WebAssembly module stays a file of its own, beside both formats, at the same relative place for each of them:
 * runtimes that compile modules ahead (workerd) import it, the others fetch or read it.
 */
const wasmBeside = {
  name: 'wasm-beside',
  resolveId: (id: string) =>
    id.endsWith('homeostat_bg.wasm') ? { id: '../wasm/homeostat_bg.wasm', external: true as const } : undefined,
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

export default defineConfig([
  {
    ...shared,
    format: 'esm',
    outDir: join(out, 'esm'),
    entry: { ...runtimes(RUNTIMES), ...capabilities },
    outExtensions: () => ({ js: '.js', dts: '.d.ts' }),
  },
  {
    ...shared,
    format: 'cjs',
    outDir: join(out, 'cjs'),
    entry: { ...runtimes(COMMONJS), ...capabilities },
    outExtensions: () => ({ js: '.cjs', dts: '.d.cts' }),
    // The bundler's own shim writes `require("url")` in place, which a local variable named `require` shadows.
    define: { 'import.meta.url': 'importMetaUrl' },
    banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href" },
  },
])
