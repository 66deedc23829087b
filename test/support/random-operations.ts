/** One seeded stream of random operations on an engine, the same for every target. */
import type { Engine } from '../../ts/binding.js'

/** SplitMix32: small, and the same everywhere. */
export function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x9e3779b9) >>> 0
    let z = state
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return ((z ^ (z >>> 15)) >>> 0) / 4294967296
  }
}

const knob = (name: string, kind: string, scale: string, min: number, max: number, initial: number, learn: string, push = false) => ({
  name, kind, scale, min, max, initial, lag_us: 250_000, learn, push,
}) // biome-ignore format: one line

/** A configuration with a shadowed, a learned, a pushed, a periodic and a held knob. */
export function configuration(seed: number): string {
  return JSON.stringify({
    name: 'random',
    run_id: `run-${seed}`,
    seed,
    now_us: 1_000_000,
    window_us: 250_000,
    mode: 'auto',
    strategy: seed % 4 === 3 ? 'spsa' : 'kalman',
    guardrails: { preset: ['conservative', 'balanced', 'aggressive'][seed % 3] },
    knobs: [
      knob('ttl', 'duration', 'log', 1000, 60000, 15000, 'shadow'),
      knob('limit', 'integer', 'log', 4, 256, 32, 'probe'),
      knob('pool', 'integer', 'linear', 1, 200, 100, 'probe', true),
      knob('hour', 'number', 'periodic', 0, 24, 23, 'probe'),
      knob('codec', 'choice', 'linear', 0, 2, 0, 'hold'),
    ],
    signals: [
      { name: 'latency', kind: 'duration', guard: false },
      { name: 'errors', kind: 'ratio', guard: true },
    ],
    journal_capacity: 1024,
  })
}

const CANDIDATES = Float64Array.from({ length: 9 }, (_, i) => 1000 * 1.6 ** i)

/** Performs `count` operations; calls `drained` with journal bytes now and then, and at the end. */
export function operate(engine: Engine, seed: number, count: number, drained: (bytes: Uint8Array) => void): void {
  const random = generator(seed)
  const whole = (n: number): number => Math.floor(random() * n)
  const live = new Float64Array(5)
  let now = 1_000_000
  for (let i = 0; i < count; i++) {
    const clock = whole(200)
    now += clock === 0 ? 40_000_000 : clock === 1 ? -Math.min(now, 500_000) : 20_000 + whole(250_000)
    const one = whole(6) - 1
    switch (whole(64)) {
      case 0: engine.freeze(one, now); break
      case 1: engine.unfreeze(-1, now); break
      case 2: engine.control(whole(3), whole(4), now); break
      case 3: engine.control(0, 0, now); break
      case 4: engine.setMode(whole(3), now); break
      case 5: case 6: engine.setMode(2, now); break
      case 7: engine.enterSafeMode(now); break
      case 8: case 9: engine.acknowledge(now); break
      case 10: engine.rollback(now); break
      case 11: engine.trial(Math.max(0, one), random() * 10, now); break
      case 12: case 13:
        engine.propose(
          whole(16) === 0 ? new Float64Array() : Float64Array.from([NaN, 4 + random() * 260, NaN, random() * 24, whole(4) || NaN]),
          whole(8) === 0 ? engine.generation() - 1 : NaN,
          now,
        )
        break
      case 14: case 15: case 16: engine.pushed(engine.generation(), whole(4) !== 0, now); break
      case 17: case 18: case 19: case 20: {
        const best = random() * 9
        engine.shadow(0, CANDIDATES, CANDIDATES.map((_, at) => 1 + 0.1 * Math.abs(at - best)))
        break
      }
      default: window(engine, random, live, now)
    } // biome-ignore format: a table
    if (whole(16) === 0) drained(engine.takeJournal(1 << 16))
  }
  engine.stop(now)
  while (engine.queued() > 0) drained(engine.takeJournal(1 << 16))
}

function window(engine: Engine, random: () => number, live: Float64Array, now: number): void {
  const generation = engine.generation() % (1 << 26)
  const count = Math.floor(random() * 6)
  const values = new Float64Array(count)
  const meta = new Int32Array(count)
  for (let i = 0; i < count; i++) {
    const signal = random() < 0.5 ? 0 : 1
    values[i] = signal === 0 ? 400 * random() : random() < 0.03 ? 1 : 0
    meta[i] = ((generation - (random() < 0.1 ? 1 : 0)) << 6) | signal
  }
  engine.ingest(values, meta, now)
  engine.closeWindow(now)
  engine.readValues(live)
  const odd = random()
  const objective =
    odd < 0.02 ? Number.NaN : odd < 0.04 ? Infinity : 1 + Math.abs((live[1] ?? 0) - 90) / 100 + 0.1 * random()
  engine.decide(objective, random() < 0.3 ? random() - 0.1 : Number.NaN)
}
