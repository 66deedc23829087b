// What a user of the package does, the same in every runtime: create a tuner, read a knob, report samples, tick, close.
// The clock is injected and the traffic is a formula, so every runtime and both bindings must give the same bits.
const WINDOW_US = 250_000
const WINDOWS = 400
const SAMPLES = 40

/** Latency in ms of sample `i`: a bowl around a TTL of 120 s with a small regular ripple. Exact arithmetic only. */
function latency(ttlMs, i) {
  const distance = (ttlMs - 120_000) / 120_000
  return 20 + 30 * distance * distance + ((i * 7919) % 101) / 50
}

const bits = (number) => {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, number)
  return view.getBigUint64(0).toString(16).padStart(16, '0')
}

export async function consume({ bindingKind, homeostat, knob, ready, signal }) {
  await ready()
  let nowUs = 1_000_000
  let applied = 0
  const tuner = await homeostat({
    name: 'consumer',
    seed: 7,
    mode: 'auto',
    knobs: {
      ttl: knob.duration({ min: '30s', max: '900s', initial: '300s', scale: 'log' }),
      batch: knob.integer({ min: 1, max: 64, initial: 8 }),
    },
    signals: { latency: signal.duration() },
    minimize: (m) => m.latency.mean,
    clock: { nowUs: () => nowUs },
    tick: 'manual',
    runId: 'consumer',
  })
  tuner.on('applied', () => {
    applied++
  })
  const initial = tuner.knobs.ttl
  for (let window = 0; window < WINDOWS; window++) {
    for (let i = 0; i < SAMPLES; i++) tuner.signals.latency(latency(tuner.knobs.ttl, window * SAMPLES + i))
    nowUs += WINDOW_US
    tuner.tick()
  }
  const result = {
    binding: bindingKind(),
    initial,
    ttl: bits(tuner.knobs.ttl),
    batch: tuner.knobs.batch,
    moved: tuner.knobs.ttl !== initial,
    applied: applied > 0,
  }
  await tuner.close()
  return result
}
