/** Who does not serve does not load the server: nothing else of the package reaches it. */
import { readdirSync, readFileSync } from 'node:fs'
import { sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../ts/', import.meta.url))
const OWN = /^(server\/|entries\/server\/|cli\/serve\/|cli\/commands\/serve\.ts)/

test('only the entries of the server and its command import it', () => {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((file) => file.split(sep).join('/'))
    // A page is no part of what a program loads.
    .filter((file) => file.endsWith('.ts') && !file.startsWith('dashboard/'))
  expect(files).toContain('server/server.ts')
  const reaching = files.filter(
    (file) =>
      !OWN.test(file) &&
      /^(?:import|export) (?!type )[^']*from '(?:\.\.?\/)+server\//m.test(readFileSync(root + file, 'utf8')),
  )
  expect(reaching).toEqual([])
})

test('the server imports no framework and no package at all', () => {
  const files = readdirSync(`${root}server`, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  )
  for (const file of files) {
    const text = readFileSync(`${root}server/${file}`, 'utf8')
    const outside = [...text.matchAll(/from '([^'.][^']*)'/g)].map(([, id]) => id as string)
    expect([file, outside.filter((id) => !id.startsWith('node:'))]).toEqual([file, []])
  }
})
