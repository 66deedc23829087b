/** Both targets decide the same to the last bit, and every journal replays to itself on both. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { Binding } from '../../ts/binding.js'
import { type CoreModule, METHODS } from '../../ts/bindings/core.js'
import { nativeBinding } from '../../ts/bindings/native.js'
import { wasmBinding } from '../../ts/bindings/wasm.js'
import { platformTriple } from '../../ts/node/load.js'
import { configuration, operate } from '../support/random-operations.js'

const out = (path: string): string => fileURLToPath(new URL(`../../out/${path}`, import.meta.url))
const addon = createRequire(import.meta.url)(out(`native/homeostat.${platformTriple()}.node`)) as CoreModule
const targets: Binding[] = [nativeBinding(addon), wasmBinding(readFileSync(out('wasm/homeostat_bg.wasm')))]

/** Over all seeds together: a million. */
const SEEDS = 8
const OPERATIONS = 125_000

function record(binding: Binding, seed: number): Uint8Array[] {
  const engine = binding.createEngine(configuration(seed))
  const pieces: Uint8Array[] = []
  operate(engine, seed, OPERATIONS, (bytes) => pieces.push(bytes))
  engine.close()
  return pieces
}

const hash = (pieces: Iterable<Uint8Array>): string => {
  const sum = createHash('sha256')
  for (const piece of pieces) sum.update(piece)
  return sum.digest('hex')
}

describe.each(Array.from({ length: SEEDS }, (_, seed) => seed))('seed %i', (seed) => {
  test('native and wasm write the same bytes, and replay them to the same bytes', { timeout: 240_000 }, () => {
    const [native, wasm] = targets.map((binding) => record(binding, seed))
    const expected = hash(native as Uint8Array[])
    expect(hash(wasm as Uint8Array[])).toBe(expected)
    for (const binding of targets) {
      const replay = binding.createReplay()
      const again = createHash('sha256')
      for (const piece of native as Uint8Array[]) {
        replay.push(piece)
        again.update(replay.take())
      }
      expect(JSON.parse(replay.finish())).toMatchObject({ ok: true, runs: 1 })
      expect(again.digest('hex'), binding.kind).toBe(expected)
    }
  })
})

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
