import { at } from '../paths.mjs'
import { must } from '../run.mjs'

export const demo = {
  title: 'demonstration service',
  tool: 'node',
  inputs: ['demo', 'tsdown.demo.config.ts', 'tsconfig.json', 'package-lock.json', 'dist/esm'],
  outputs: () => ['main.js', 'cascade.js'].map((file) => at('out', 'demo', file)),
  async build({ note }) {
    const config = at('tsdown.demo.config.ts')
    await must(process.execPath, [at('node_modules/tsdown/dist/run.mjs'), '--config', config, '--logLevel', 'warn'], {
      log: 'build-demo',
      note,
    })
  },
}
