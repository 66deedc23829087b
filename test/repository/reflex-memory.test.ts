/** What a reflex holds stays below what it states, in WebAssembly and on the heap; the bench does the same with 1e8 events. */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

test('a hundred thousand components, requests and permits, and a million events', () => {
  const bench = fileURLToPath(new URL('../../bench/reflex-memory.mjs', import.meta.url))
  const sizes = ['--events', '1e6', '--components', '1e5', '--requests', '1e5', '--permits', '1e5']
  const text = execFileSync(process.execPath, [bench, '--targets', ...sizes], { encoding: 'utf8' })
  expect(text.match(/^met/gm)).toHaveLength(2)
  expect(text).toContain('4096 kept')
})
