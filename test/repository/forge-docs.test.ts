/** The examples of docs/forge.md compile, and run as they stand. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
// Inside the package, so that it can import itself by name.
const folder = `${root}out/forge-docs`
const text = readFileSync(`${root}docs/forge.md`, 'utf8')
const examples = [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code ?? '')
const files = examples.map((_, i) => `${folder}/example-${i}.mts`)

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const [i, code] of examples.entries()) writeFileSync(files[i] as string, code)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('they compile', () => {
  expect(files.length).toBeGreaterThan(1)
  const options = '--noEmit --strict --target es2022 --module nodenext --skipLibCheck --types node'.split(' ')
  execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, ...options, '--ignoreConfig', ...files], {
    cwd: root,
    stdio: 'pipe',
  })
})

test.each(files)('%s runs', async (file) => {
  await import(file)
})
