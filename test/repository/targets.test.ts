/** Both targets decide the same to the last bit (the lower seeds), and have the same surface. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { METHODS } from '../../ts/bindings/core.js'
import { SEEDS, sameJournals } from '../support/same-journals.js'
import { addon, out } from '../support/targets.js'

sameJournals(Array.from({ length: SEEDS / 2 }, (_, i) => i))

test('both targets expose the same surface', () => {
  const members = (text: string, start: RegExp): string[] => {
    const body = text.slice(text.search(start)).split('\n}', 1)[0] ?? ''
    return [...body.matchAll(/^\s+(\w+)\(/gm)].map(([, name]) => name ?? '').sort()
  }
  const wasm = readFileSync(out('wasm/homeostat.d.ts'), 'utf8')
  for (const [name, methods] of Object.entries(METHODS)) {
    const prototype = (addon as unknown as Record<string, { prototype: object }>)[name]?.prototype ?? {}
    const native = Object.getOwnPropertyNames(prototype)
      .filter((n) => n !== 'constructor')
      .sort()
    const generated = members(wasm, new RegExp(`export class ${name} `)).filter(
      (n) => n !== 'constructor' && n !== 'free',
    )
    expect(generated, `wasm ${name}`).toEqual([...methods].sort())
    expect(native, `native ${name}`).toEqual([...methods].sort())
  }
})
