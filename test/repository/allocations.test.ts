/** The hot path allocates nothing: counted by the bench itself, in a process of its own. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

interface Row {
  readonly name: string
  readonly bytes: number
}

test('knob reads and sample reports allocate nothing, on both targets', () => {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-'))
  try {
    const file = join(folder, 'hotpath.json')
    const bench = fileURLToPath(new URL('../../bench/hotpath.mjs', import.meta.url))
    execFileSync(process.execPath, ['--expose-gc', bench, '--count', '--json', file], { stdio: 'ignore' })
    const rows = JSON.parse(readFileSync(file, 'utf8')) as Row[]
    const ours = rows.filter(({ name }) => /^(knob read|sample report), (native|wasm)$/.test(name))
    expect(ours).toHaveLength(4)
    // One object per operation would be at least 16 bytes; what remains is the counting itself.
    for (const { name, bytes } of ours) expect(bytes, name).toBeLessThan(0.05)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
