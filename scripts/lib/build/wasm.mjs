import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { at } from '../paths.mjs'
import { must } from '../run.mjs'
import { WASM } from '../rust/probe.mjs'
import { xtask } from '../rust/xtask.mjs'
import { replaceFile } from './native.mjs'

const NAME = 'homeostat'
const GLUE = [`${NAME}.js`, `${NAME}.d.ts`, `${NAME}_bg.wasm.d.ts`]
export const wasmFile = () => at('out', 'wasm', `${NAME}_bg.wasm`)

/** What rustc's wasm target uses and every supported runtime has. */
const FEATURES = [
  'bulk-memory',
  'nontrapping-float-to-int',
  'sign-ext',
  'mutable-globals',
  'reference-types',
  'multivalue',
]

export const wasm = {
  title: 'WebAssembly core',
  tool: 'rust',
  inputs: [
    'Cargo.toml',
    'Cargo.lock',
    '.cargo/config.toml',
    'crates/homeostat-core',
    'crates/homeostat-wasm',
    'xtask',
    'node_modules/binaryen/package.json',
  ],
  outputs: () => [wasmFile(), ...GLUE.map((file) => at('out', 'wasm', file))],
  async build({ rust, note }) {
    const options = { env: rust.env, log: 'build-wasm', note }
    await must('cargo', ['build', '--profile', 'wasm', '-p', 'homeostat-wasm', '--target', WASM], options)
    const target = rust.env.CARGO_TARGET_DIR ?? at('target')
    const draft = join(at('out'), 'wasm.draft')
    rmSync(draft, { recursive: true, force: true })
    mkdirSync(draft, { recursive: true })
    const built = join(target, WASM, 'wasm', 'homeostat_wasm.wasm')
    await must('cargo', xtask('wasm-bindgen', built, draft, NAME), options)
    const raw = join(draft, `${NAME}_bg.wasm`)
    const features = FEATURES.map((name) => `--enable-${name}`)
    const small = ['-Oz', '--converge', '--strip-producers', '--strip-target-features']
    const optimise = [at('node_modules/binaryen/bin/wasm-opt'), ...small, ...features, raw, '-o', `${raw}.opt`]
    await must(process.execPath, optimise, { log: 'build-wasm', note })
    for (const file of GLUE) replaceFile(join(draft, file), at('out', 'wasm', file))
    replaceFile(`${raw}.opt`, wasmFile())
    rmSync(draft, { recursive: true, force: true })
    return wasmSize()
  },
}

export function wasmSize() {
  const bytes = readFileSync(wasmFile())
  return `${(bytes.length / 1000).toFixed(1)} kB, ${(gzipSync(bytes, { level: 9 }).length / 1000).toFixed(1)} kB gzipped`
}
