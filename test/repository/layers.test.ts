/** Core, bindings, façade: nothing imports upward, and what needs Node lives where only Node's entries reach. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
/** What needs Node: the command line is for Node alone, and a capability keeps its part in a folder of that name. */
const NODE_FOLDERS = /^ts\/(cli|node|\w+\/node)\//
const NODE_ENTRIES = /^ts\/entries\/(\w+\/)?(node|deno|bun)\.ts$/

const sources = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => `${folder}/${path.split(sep).join('/')}`)
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !path.endsWith('.d.ts'))

/** Modules that a file loads at run time; `import type` vanishes. */
function imports(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8')
  const found = [...text.matchAll(/^(?:import|export)\s+(?!type\b)(?:[^'"]*?\sfrom\s+)?['"]([^'"]+)['"]/gm)]
  const dynamic = [...text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g)]
  return [...found, ...dynamic]
    .map(([, id]) => id ?? '')
    .map((id) => {
      if (!id.startsWith('.')) return id
      const path = relative(root, join(root, dirname(file), id))
        .split(sep)
        .join('/')
      return path.replace(/\.js$/, '.ts')
    })
}

const files = sources('ts')
const graph = new Map(files.map((file) => [file, imports(file)]))

test('the scan sees the façade', () => {
  expect(graph.get('ts/entries/node.ts')).toContain('ts/node/host.ts')
  expect(graph.get('ts/node/load-core.ts')).toContain('node:fs')
})

test('only the folders for Node import node: modules', () => {
  const wrong = files.filter(
    (file) => !NODE_FOLDERS.test(file) && graph.get(file)?.some((id) => id.startsWith('node:')),
  )
  expect(wrong).toEqual([])
})

test('only the entries of runtimes with those modules reach them', () => {
  const wrong = files.filter(
    (file) =>
      !NODE_FOLDERS.test(file) && !NODE_ENTRIES.test(file) && graph.get(file)?.some((id) => NODE_FOLDERS.test(id)),
  )
  expect(wrong).toEqual([])
})

test('only ts/bindings touches what the build makes of the core', () => {
  const wrong = files.filter(
    (file) => !file.startsWith('ts/bindings/') && graph.get(file)?.some((id) => id.startsWith('out/')),
  )
  expect(wrong).toEqual([])
})

test('bindings know the seam and the errors, not the façade', () => {
  const allowed = /^(ts\/(bindings\/|([\w]+-)?binding\.ts|errors\.ts|host\.ts)|out\/)/
  const wrong = files
    .filter((file) => file.startsWith('ts/bindings/'))
    .flatMap((file) => (graph.get(file) ?? []).filter((id) => !allowed.test(id)).map((id) => `${file} -> ${id}`))
  expect(wrong).toEqual([])
})

test('the seams import nothing', () => {
  const seams = files.filter((file) => /^ts\/(\w+-)?binding\.ts$/.test(file))
  expect(seams).toContain('ts/binding.ts')
  for (const seam of seams) expect(graph.get(seam)).toEqual([])
})

describe('crates', () => {
  const dependencies = (crate: string): string[] => {
    const text = readFileSync(join(root, 'crates', crate, 'Cargo.toml'), 'utf8')
    const section = /^\[dependencies\]\n([\s\S]*?)(?=\n\[|$(?![\s\S]))/m.exec(text)?.[1] ?? ''
    return [...section.matchAll(/^([\w-]+)/gm)].map(([, name]) => name ?? '').sort()
  }

  test('the core is pure: arithmetic and hashing, nothing that reaches the outside', () => {
    expect(dependencies('homeostat-core')).toEqual(['libm', 'sha2'])
  })

  test.each(['homeostat-solver', 'homeostat-reflex'])('%s is as pure, and stands on the core alone', (crate) => {
    expect(dependencies(crate)).toEqual(['homeostat-core', 'libm'])
  })

  /** A binding is its generator and, in WebAssembly, an allocator; nothing that decides. */
  test.each([
    ['homeostat-node', ['homeostat-core', 'homeostat-reflex', 'homeostat-solver', 'napi', 'napi-derive']],
    ['homeostat-wasm', ['homeostat-core', 'talc', 'wasm-bindgen']],
    ['homeostat-solver-wasm', ['homeostat-core', 'homeostat-solver', 'talc', 'wasm-bindgen']],
    ['homeostat-forge-node', ['homeostat-core', 'homeostat-forge', 'napi', 'napi-derive']],
    ['homeostat-forge-wasm', ['homeostat-core', 'homeostat-forge', 'talc', 'wasm-bindgen']],
  ])('%s only binds', (crate, allowed) => {
    expect(dependencies(crate)).toContain('homeostat-core')
    expect(dependencies(crate).filter((name) => !allowed.includes(name))).toEqual([])
  })
})
