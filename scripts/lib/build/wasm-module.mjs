import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { at } from '../paths.mjs'
import { must } from '../run.mjs'
import { WASM } from '../rust/probe.mjs'
import { xtask } from '../rust/xtask.mjs'
import { replaceFile } from './native.mjs'
import { namedInOrder } from './wasm-order.mjs'

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
      'scripts/lib/build/wasm-order.mjs',
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
      const optimiser = (to, ...flags) =>
        must(process.execPath, [at('node_modules/binaryen/bin/wasm-opt'), ...flags, ...features, raw, '-o', to], {
          log: `build-${name}`,
          note,
        })
      // The stack lies first, so that no data has an address below 1,024.
      await optimiser(`${raw}.opt`, level, '--converge', '--low-memory-unused', '--strip-producers')
      writeFileSync(raw, namedInOrder(readFileSync(`${raw}.opt`)))
      await optimiser(`${raw}.opt`, '--reorder-functions-by-name', '--strip-target-features')
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
