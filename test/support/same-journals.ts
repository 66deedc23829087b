/** A million random operations: both targets write the same journals, and every journal replays to itself, by turns on one or the other. */
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Binding } from '../../ts/binding.js'
import { configuration, operate } from './random-operations.js'
import { targets } from './targets.js'

/** Over all seeds together: a million. */
export const SEEDS = 8
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

/** Registers a test per seed. In two files, so that two processors share the million. */
export function sameJournals(seeds: readonly number[]): void {
  describe.each(seeds)('seed %i', (seed) => {
    const turn = targets[seed % targets.length] as Binding
    test(`native and wasm write the same bytes, and ${turn.kind} replays them to the same bytes`, {
      timeout: 240_000,
    }, () => {
      const [native, wasm] = targets.map((binding) => record(binding, seed))
      const expected = hash(native as Uint8Array[])
      expect(hash(wasm as Uint8Array[])).toBe(expected)
      const replay = turn.createReplay()
      const again = createHash('sha256')
      for (const piece of native as Uint8Array[]) {
        replay.push(piece)
        again.update(replay.take())
      }
      expect(JSON.parse(replay.finish())).toMatchObject({ ok: true, runs: 1 })
      expect(again.digest('hex')).toBe(expected)
    })
  })
}
