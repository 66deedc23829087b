/** The examples of the README compile, and run as they stand. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
// Inside the package, so that it can import itself by name.
const folder = `${root}out/readme`
const examples = [...readFileSync(`${root}README.md`, 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)].map(
  ([, code]) => code ?? '',
)

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const [i, code] of examples.entries()) writeFileSync(`${folder}/example-${i}.mts`, code)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('there are examples', () => expect(examples.length).toBeGreaterThan(2))

test('they compile', () => {
  const options = '--noEmit --strict --target es2022 --module nodenext --skipLibCheck --types node'.split(' ')
  const files = examples.map((_, i) => `${folder}/example-${i}.mts`)
  execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, ...options, '--ignoreConfig', ...files], {
    cwd: root,
    stdio: 'pipe',
  })
})

test.each(examples.map((_, i) => i))('example %i runs', async (i) => {
  await import(`${folder}/example-${i}.mts`)
})
