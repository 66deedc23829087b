import { existsSync } from 'node:fs'
import { at } from '../paths.mjs'
import { must } from '../run.mjs'

export const demo = {
  title: 'demonstration service',
  inputs: ['demo', 'tsconfig.json', 'package-lock.json', 'dist/esm'],
  outputs: () => [at('out', 'demo', 'main.js')],
  exists: () => existsSync(at('demo', 'main.ts')),
  async build({ note }) {
    const config = at('demo', 'tsdown.config.ts')
    await must(process.execPath, [at('node_modules/tsdown/dist/run.mjs'), '--config', config, '--logLevel', 'warn'], { log: 'build-demo', note })
  },
}
