import { cpSync } from 'node:fs'
import { basename, join } from 'node:path'
import { at } from '../../../scripts/lib/paths.mjs'
import { Skip } from '../lib/checks.mjs'

/** Live tuner, solver, reflex, forge: each is a module of its own, however many entries load it. */
const CORES = 4

/** Bundles the consumer as a worker's author would (exports condition `workerd`); the wasm modules stay modules of their own. */
async function bundle(folder) {
  const { rolldown } = await import(at('node_modules/rolldown/dist/index.mjs'))
  const found = new Set()
  const keepWasm = {
    name: 'wasm-module',
    async resolveId(id, importer) {
      if (!id.endsWith('.wasm')) return undefined
      const file = await this.resolve(id, importer, { skipSelf: true })
      found.add(file.id)
      return { id: `./${basename(file.id)}`, external: true }
    },
  }
  const build = await rolldown({
    input: join(folder, 'worker.mjs'),
    platform: 'neutral',
    resolve: { conditionNames: ['workerd', 'worker', 'import', 'default'] },
    plugins: [keepWasm],
  })
  const out = join(folder, 'bundle')
  await build.write({ dir: out, format: 'esm', entryFileNames: 'worker.mjs', codeSplitting: false })
  await build.close()
  const wasm = [...found]
  if (wasm.length !== CORES) throw new Error(`the bundle imports ${wasm.length} wasm modules, expected ${CORES}`)
  for (const file of wasm) cpSync(file, join(out, basename(file)))
  return { root: out, wasm: wasm.map((file) => basename(file)) }
}

export async function runWorkerd(folder) {
  let miniflare
  try {
    miniflare = await import('miniflare')
  } catch (error) {
    throw new Skip(`miniflare does not load here: ${error.message.split('\n')[0]}`)
  }
  const { root, wasm } = await bundle(folder)
  const runtime = new miniflare.Miniflare({
    modulesRoot: root,
    compatibilityDate: '2026-04-01',
    modules: [
      { type: 'ESModule', path: join(root, 'worker.mjs') },
      ...wasm.map((file) => ({ type: 'CompiledWasm', path: join(root, file) })),
    ],
  })
  try {
    const response = await runtime.dispatchFetch('http://localhost/')
    const text = await response.text()
    if (!response.ok) throw new Error(`status ${response.status}: ${text.slice(0, 600)}`)
    return JSON.parse(text)
  } finally {
    await runtime.dispose()
  }
}
