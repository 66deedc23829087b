/** An event, and a permit with its result, allocate nothing: counted by the bench itself, in a process of its own. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

test('structural events and permits leave nothing on the heap', () => {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-'))
  try {
    const file = join(folder, 'bytes.json')
    const bench = fileURLToPath(new URL('../../bench/reflex.mjs', import.meta.url))
    execFileSync(process.execPath, ['--expose-gc', bench, '--bytes', '--json', file], { stdio: 'ignore' })
    const rows = JSON.parse(readFileSync(file, 'utf8')) as { name: string; bytes: number }[]
    expect(rows.map(({ name }) => name)).toEqual(['structural event', 'permit and result'])
    // One object per operation would be at least 16 bytes; what remains is the counting itself.
    for (const { name, bytes } of rows) expect(bytes, name).toBeLessThan(0.05)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
