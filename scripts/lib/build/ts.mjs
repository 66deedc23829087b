import { cpSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { at } from '../paths.mjs'
import { must } from '../run.mjs'

const WASM_PARTS = [
  'homeostat_bg.wasm',
  'homeostat_solver_bg.wasm',
  'homeostat_reflex_bg.wasm',
  'homeostat_forge_bg.wasm',
]

export const ts = {
  title: 'façade',
  tool: 'node',
  inputs: ['ts', 'package.json', 'tsdown.config.ts', 'tsconfig.json', 'package-lock.json', 'out/wasm', 'out/dashboard'],
  outputs: () => [
    at('dist', 'esm', 'node.js'),
    at('dist', 'cjs', 'node.cjs'),
    at('dist', 'dashboard', 'index.html'),
    ...WASM_PARTS.map((file) => at('dist', 'wasm', file)),
  ],
  async build({ note }) {
    const draft = at('out', 'dist.draft')
    rmSync(draft, { recursive: true, force: true })
    await must(
      process.execPath,
      [at('node_modules/tsdown/dist/run.mjs'), '--config', 'tsdown.config.ts', '--logLevel', 'warn'],
      {
        env: { ...process.env, HOMEOSTAT_DIST: draft },
        log: 'build-ts',
        note,
      },
    )
    for (const file of WASM_PARTS) cpSync(at('out', 'wasm', file), `${draft}/wasm/${file}`)
    cpSync(at('out', 'dashboard'), `${draft}/dashboard`, { recursive: true })
    // Readers of the old build see either all of it or all of the new one, but for the moment between two renames.
    const old = at('out', 'dist.old')
    rmSync(old, { recursive: true, force: true })
    try {
      renameSync(at('dist'), old)
    } catch (error) {
      if (error.code !== 'ENOENT') throw error
    }
    renameSync(draft, at('dist'))
    rmSync(old, { recursive: true, force: true })
    return `${readdirSync(at('dist', 'esm')).length} files`
  },
}
