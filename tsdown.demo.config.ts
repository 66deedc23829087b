import { defineConfig } from 'tsdown'

/** The demonstration service runs from the repository: the package itself and its own dependencies stay outside. */
export default defineConfig({
  entry: { main: 'demo/main.ts', cascade: 'demo/cascade/main.ts' },
  format: 'esm',
  outDir: 'out/demo',
  platform: 'node',
  target: 'node20.19',
  clean: true,
  dts: false,
  sourcemap: true,
  report: false,
  deps: { neverBundle: ['homeostat', /^homeostat\//], skipNodeModulesBundle: true },
  outExtensions: () => ({ js: '.js' }),
})
