import { copyFileSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { at } from '../paths.mjs'
import { cdylibName, hostTriple } from '../platform.mjs'
import { must } from '../run.mjs'

export const nativeFile = () => at('out', 'native', `homeostat.${hostTriple()}.node`)

export const native = {
  title: 'native core',
  tool: 'rust',
  inputs: [
    'Cargo.toml',
    'Cargo.lock',
    'crates/homeostat-core',
    'crates/homeostat-solver',
    'crates/homeostat-reflex',
    'crates/homeostat-node',
  ],
  outputs: () => [nativeFile()],
  async build({ rust, note }) {
    await must('cargo', ['build', '--release', '-p', 'homeostat-node'], { env: rust.env, log: 'build-native', note })
    const target = rust.env.CARGO_TARGET_DIR ?? at('target')
    replaceFile(join(target, 'release', cdylibName('homeostat-node')), nativeFile())
    return `${Math.round(statSync(nativeFile()).size / 1000)} kB`
  },
}

/** A process that has the old file loaded keeps it: the new one takes its name, not its content. */
export function replaceFile(from, to) {
  mkdirSync(join(to, '..'), { recursive: true })
  copyFileSync(from, `${to}.new`)
  renameSync(`${to}.new`, to)
}
