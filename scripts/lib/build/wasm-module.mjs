import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { at } from '../paths.mjs'
import { must } from '../run.mjs'
import { WASM } from '../rust/probe.mjs'
import { xtask } from '../rust/xtask.mjs'
import { replaceFile } from './native.mjs'

/** What rustc's wasm target uses and every supported runtime has. */
const FEATURES = [
  'bulk-memory',
  'nontrapping-float-to-int',
  'sign-ext',
  'mutable-globals',
  'reference-types',
  'multivalue',
]

/** A part that builds one WebAssembly module: `out/wasm/NAME_bg.wasm` with its glue, from the crate `crate`. `level` is wasm-opt's. */
export function wasmModule({ title, name, crate, inputs, level = '-Oz' }) {
  const glue = [`${name}.js`, `${name}.d.ts`, `${name}_bg.wasm.d.ts`]
  const file = () => at('out', 'wasm', `${name}_bg.wasm`)
  return {
    title,
    tool: 'rust',
    inputs: [
      'Cargo.toml',
      'Cargo.lock',
      '.cargo/config.toml',
      'crates/homeostat-core',
      `crates/${crate}`,
      ...inputs,
      'xtask',
      'node_modules/binaryen/package.json',
      'scripts/lib/build/wasm-module.mjs',
    ],
    outputs: () => [file(), ...glue.map((one) => at('out', 'wasm', one))],
    async build({ rust, note }) {
      const options = { env: rust.env, log: `build-${name}`, note }
      await must('cargo', ['build', '--profile', 'wasm', '-p', crate, '--target', WASM], options)
      const target = rust.env.CARGO_TARGET_DIR ?? at('target')
      const draft = join(at('out'), `${name}.draft`)
      rmSync(draft, { recursive: true, force: true })
      mkdirSync(draft, { recursive: true })
      const built = join(target, WASM, 'wasm', `${crate.replaceAll('-', '_')}.wasm`)
      await must('cargo', xtask('wasm-bindgen', built, draft, name), options)
      const raw = join(draft, `${name}_bg.wasm`)
      const features = FEATURES.map((feature) => `--enable-${feature}`)
      const small = [level, '--converge', '--strip-producers', '--strip-target-features']
      const optimise = [at('node_modules/binaryen/bin/wasm-opt'), ...small, ...features, raw, '-o', `${raw}.opt`]
      await must(process.execPath, optimise, { log: `build-${name}`, note })
      for (const one of glue) replaceFile(join(draft, one), at('out', 'wasm', one))
      replaceFile(`${raw}.opt`, file())
      rmSync(draft, { recursive: true, force: true })
      return size(file())
    },
  }
}

function size(file) {
  const bytes = readFileSync(file)
  return `${(bytes.length / 1000).toFixed(1)} kB, ${(gzipSync(bytes, { level: 9 }).length / 1000).toFixed(1)} kB gzipped`
}
