/** The recipes compile together with nothing else, and each runs as it stands. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
// Inside the package, so that it can import itself by name.
const folder = `${root}out/recipes`
const recipes = [
  ...readFileSync(`${root}docs/recipes.md`, 'utf8').matchAll(/^## (.+)\n(?:(?!^## )[\s\S])*?```ts\n([\s\S]*?)```/gm),
].map(([, title = '', code = ''], i) => ({ title, code, file: `${folder}/recipe-${i}.mts` }))

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const { file, code } of recipes) writeFileSync(file, code)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('there is one for each', () => {
  expect(recipes.map(({ title }) => title)).toEqual([
    'Cache TTL',
    'Concurrency',
    'Batch and linger',
    'Pool size',
    'Timeouts with a retry budget',
  ])
})

test('they compile', () => {
  const options = '--noEmit --strict --target es2022 --module nodenext --skipLibCheck --types node'.split(' ')
  const files = recipes.map(({ file }) => file)
  execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, ...options, '--ignoreConfig', ...files], {
    cwd: root,
    stdio: 'pipe',
  })
})

test.each(recipes)('$title runs', async ({ file }) => {
  await import(file)
})
