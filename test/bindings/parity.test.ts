import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import type { Binding, Engine, EngineConfig } from '../../ts/binding.js'
import type { CoreModule } from '../../ts/bindings/core.js'
import { nativeBinding } from '../../ts/bindings/native.js'
import { wasmBinding } from '../../ts/bindings/wasm.js'
import { platformTriple } from '../../ts/node/load.js'
import { generator } from '../support/traffic.js'

const OPERATIONS = 1_000_000
const PIECE = 1 << 16

const config: EngineConfig = {
  name: 'parity',
  run_id: 'parity',
  seed: 99,
  now_us: 0,
  window_us: 250_000,
  mode: 'auto',
  strategy: 'kalman',
  guardrails: { preset: 'balanced' },
  knobs: [
    {
      name: 'ttl',
      kind: 'duration',
      scale: 'log',
      min: 1000,
      max: 60_000,
      initial: 15_000,
      lag_us: 250_000,
      learn: 'probe',
      push: false,
    },
    { name: 'pool', kind: 'integer', scale: 'log', min: 2, max: 64, initial: 8, lag_us: 0, learn: 'probe', push: true },
    {
      name: 'angle',
      kind: 'number',
      scale: 'periodic',
      min: 0,
      max: 360,
      initial: 90,
      lag_us: 0,
      learn: 'probe',
      push: false,
    },
    {
      name: 'shadowed',
      kind: 'number',
      scale: 'linear',
      min: 0,
      max: 1,
      initial: 0.5,
      lag_us: 0,
      learn: 'shadow',
      push: false,
    },
    {
      name: 'policy',
      kind: 'choice',
      scale: 'linear',
      min: 0,
      max: 2,
      initial: 0,
      lag_us: 0,
      learn: 'hold',
      push: false,
    },
  ],
  signals: [
    { name: 'latency', kind: 'duration', guard: false },
    { name: 'errors', kind: 'ratio', guard: true },
    { name: 'load', kind: 'count', guard: false },
  ],
  journal_capacity: 4096,
}

/** Applies a seeded sequence of operations and hands each piece of the journal over. */
function exercise(
  engine: Engine,
  operations: number,
  seed: number,
  onBytes: (bytes: Uint8Array) => void,
): { generation: number; results: string } {
  const random = generator(seed)
  const results = createHash('sha256')
  const noted = new Float64Array(4096)
  let filled = 0
  const note = (value: number): void => {
    noted[filled++] = value
    if (filled < noted.length) return
    results.update(noted)
    filled = 0
  }
  const values = new Float64Array(config.knobs.length)
  const metrics = new Float64Array(config.signals.length * 16)
  const samples = new Float64Array(8)
  const meta = new Int32Array(8)
  const candidates = Float64Array.of(0, 0.25, 0.5, 0.75, 1)
  const costs = new Float64Array(5)
  let now = 0
  for (let i = 0; i < operations; i++) {
    const choice = random()
    now += Math.floor(random() * 20_000)
    if (choice < 0.55) {
      const generation = engine.generation() - (random() < 0.1 ? 1 : 0)
      for (let s = 0; s < 8; s++) {
        const signal = Math.floor(random() * 3)
        samples[s] = signal === 0 ? 1 + 40 * random() ** 4 : signal === 1 ? (random() < 0.01 ? 1 : 0) : 1
        meta[s] = (generation << 6) | signal
      }
      engine.ingest(samples, meta, now)
    } else if (choice < 0.93) {
      note(engine.closeWindow(now))
      engine.readMetrics(metrics)
      note(metrics[2] as number)
      engine.readValues(values)
      const objective =
        random() < 0.02
          ? Number.NaN
          : 3 + ((values[3] as number) - 0.2) ** 2 + 0.2 * random() + Math.log(values[0] as number) / 20
      note(engine.decide(objective, random() < 0.5 ? Number.NaN : 0.3 + random() - 0.4 * random()))
    } else if (choice < 0.96) {
      for (let c = 0; c < 5; c++) costs[c] = 1 + ((candidates[c] as number) - 0.3) ** 2 + 0.05 * random()
      engine.shadow(3, candidates, costs)
    } else if (choice < 0.985) {
      note(engine.pushed(engine.generation(), random() < 0.9, now))
    } else {
      operator(engine, random, now, note)
    }
    engine.readValues(values)
    for (const value of values) note(value)
    if (engine.queued() > 1000) onBytes(engine.takeJournal(PIECE))
  }
  engine.stop(now)
  while (engine.queued() > 0) onBytes(engine.takeJournal(PIECE))
  results.update(noted.subarray(0, filled))
  return { generation: engine.generation(), results: results.digest('hex') }
}

function operator(engine: Engine, random: () => number, now: number, note: (value: number) => void): void {
  const knob = Math.floor(random() * 6) - 1
  switch (Math.floor(random() * 9)) {
    case 0:
      note(engine.control(random() < 0.7 ? 0 : 1 + Math.floor(random() * 2), Math.floor(random() * 4), now))
      break
    case 1:
      note(engine.freeze(knob, now))
      break
    case 2:
    case 3:
      note(engine.unfreeze(-1, now))
      break
    case 4:
      note(engine.setMode(random() < 0.8 ? 2 : Math.floor(random() * 2), now))
      break
    case 5: {
      const ttl = random() < 0.5 ? Number.NaN : 1000 + 50_000 * random()
      note(engine.propose(Float64Array.of(ttl, Number.NaN, 360 * random(), Number.NaN, Number.NaN), now))
      break
    }
    case 6:
      note(engine.trial(4, Math.floor(random() * 3), now))
      break
    case 7:
      note(random() < 0.3 ? engine.enterSafeMode(now) : engine.rollback(now))
      break
    default:
      note(engine.acknowledge(now))
  }
}

function bindings(): [Binding, Binding] {
  const native = createRequire(import.meta.url)(`../../out/native/homeostat.${platformTriple()}.node`) as CoreModule
  return [
    nativeBinding(native),
    wasmBinding(readFileSync(new URL('../../out/wasm/homeostat_bg.wasm', import.meta.url))),
  ]
}

// Compares the two bindings with each other, so that running it under the second one would be the same run again.
test.skipIf(process.env.HOMEOSTAT_BINDING === 'wasm')(
  'a million random operations give byte-identical journals, natively and in WebAssembly, and replay to the same bytes on both',
  { timeout: 300_000 },
  () => {
    const runs = bindings().map((binding) => {
      const hash = createHash('sha256')
      const verifier = binding.createVerifier()
      const replay = binding.createReplay()
      const replayed = createHash('sha256')
      let bytes = 0
      const engine = binding.createEngine(JSON.stringify(config))
      const outcome = exercise(engine, OPERATIONS, 1234, (piece) => {
        bytes += piece.length
        hash.update(piece)
        verifier.push(piece)
        replay.push(piece)
        replayed.update(replay.take())
      })
      engine.close()
      const verified = JSON.parse(verifier.finish())
      const again = JSON.parse(replay.finish())
      replayed.update(replay.take())
      const journal = hash.digest('hex')
      expect(verified).toMatchObject({ ok: true, runs: 1 })
      expect(again).toMatchObject({ ok: true, entries: verified.entries })
      expect(replayed.digest('hex')).toBe(journal)
      return { ...outcome, bytes, journal }
    })
    expect(runs[0]).toEqual(runs[1])
    expect(runs[0]?.generation).toBeGreaterThan(1000)
  },
)
