// The page of the correctness suite: a WebAssembly module with the suite in it, which is never shipped, and what drives WebGPU for users.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { at, hashFiles, STATE } from '../../scripts/lib/paths.mjs'
import { must } from '../../scripts/lib/run.mjs'
import { WASM } from '../../scripts/lib/rust/probe.mjs'
import { xtask } from '../../scripts/lib/rust/xtask.mjs'
import { isCurrent, writeStamp } from '../../scripts/lib/stamps.mjs'

const CRATE = 'homeostat-forge-wasm'
const NAME = 'homeostat_forge_suite'
const FOLDER = join(STATE, 'forge-suite')
const INPUTS = [
  'Cargo.toml',
  'Cargo.lock',
  'crates/homeostat-core',
  'crates/homeostat-forge',
  `crates/${CRATE}`,
  'crates/homeostat-reflex',
  'crates/homeostat-solver',
  'crates/homeostat-wasm/src',
  'xtask',
  'ts/bindings/forge',
  'ts/errors.ts',
  'bench/forge/suite-page.ts',
  'bench/forge/suite.mjs',
]

/** Builds it where it is stale; the folder to serve. What it is made of was compiled for the module that is shipped, with the same profile. */
export async function buildSuite(rust) {
  const key = hashFiles(INPUTS, rust.version)
  const outputs = ['index.html', 'page.js', `${NAME}.js`, `${NAME}_bg.wasm`].map((file) => join(FOLDER, file))
  if (isCurrent('forge-suite', key, outputs)) return FOLDER
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
  const options = { env: rust.env, log: 'forge-suite' }
  await must('cargo', ['build', '--profile', 'wasm', '-p', CRATE, '--features', 'suite', '--target', WASM], options)
  const target = rust.env.CARGO_TARGET_DIR ?? at('target')
  const built = join(target, WASM, 'wasm', `${CRATE.replaceAll('-', '_')}.wasm`)
  await must('cargo', xtask('wasm-bindgen', built, FOLDER, NAME), options)
  const { rolldown } = await import('rolldown')
  const build = await rolldown({
    input: at('bench', 'forge', 'suite-page.ts'),
    platform: 'browser',
    resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
  })
  await build.write({ file: join(FOLDER, 'page.js'), format: 'esm' })
  await build.close()
  const head = '<!doctype html><title>the suite</title><link rel="icon" href="data:,">'
  writeFileSync(join(FOLDER, 'index.html'), `${head}<script type="module" src="page.js"></script>`)
  writeStamp('forge-suite', { key })
  return FOLDER
}
