import { statSync } from 'node:fs'
import { join } from 'node:path'
import { at } from '../paths.mjs'
import { cdylibName, hostTriple } from '../platform.mjs'
import { must } from '../run.mjs'
import { replaceFile } from './native.mjs'

/** Of the tests on a device too: they share what takes long to compile. */
export const FORGE_PROFILE = 'forge'

export const forgeNativeFile = () => at('out', 'native', `homeostat-forge.${hostTriple()}.node`)

/** An add-on of its own: wgpu is five times the size of everything else, and takes minutes to compile the first time. */
export const forgeNative = {
  title: 'native forge',
  tool: 'rust',
  inputs: [
    'Cargo.toml',
    'Cargo.lock',
    'crates/homeostat-core',
    'crates/homeostat-reflex',
    'crates/homeostat-solver',
    'crates/homeostat-forge',
    'crates/homeostat-forge-node',
    'scripts/lib/build/native.mjs',
  ],
  outputs: () => [forgeNativeFile()],
  async build({ rust, note }) {
    const what = ['build', '--profile', FORGE_PROFILE, '-p', 'homeostat-forge-node', '--features', 'device']
    await must('cargo', what, { env: rust.env, log: 'build-forge-native', note })
    const target = rust.env.CARGO_TARGET_DIR ?? at('target')
    replaceFile(join(target, FORGE_PROFILE, cdylibName('homeostat-forge-node')), forgeNativeFile())
    return `${Math.round(statSync(forgeNativeFile()).size / 1000)} kB`
  },
}
