import { homeostat, knob, signal } from '../../ts/entries/node.js'
import { fakeClock } from '../../ts/testing/index.js'

/** A tuner with one of each, driven by hand; `more` overrides options. */
export async function cacheTuner<M extends object>(more?: M) {
  const clock = fakeClock(1_000_000)
  const tuner = await homeostat({
    name: 'catalog',
    runId: 'test-run',
    seed: 7,
    clock,
    tick: 'manual',
    controlSignal: false,
    // A slow disk loses nothing: what the end drops by its time is asked for where it is meant.
    closeTimeout: '60s',
    mode: 'auto',
    knobs: {
      ttl: knob.duration({ min: '30s', max: '900s', initial: '300s', scale: 'log' }),
      concurrency: knob.integer({ min: 4, max: 256, initial: 32, scale: 'log' }),
    },
    signals: { latency: signal.duration(), miss: signal.ratio(), queries: signal.count(), queue: signal.gauge() },
    minimize: (m) => 1 + m.miss * 10,
    ...more,
  })
  return { tuner, clock }
}

/** Reports a window's worth of samples and ticks through it. */
export function window(
  tuner: Awaited<ReturnType<typeof cacheTuner>>['tuner'],
  clock: ReturnType<typeof fakeClock>,
  miss = 0.3,
) {
  for (let tick = 0; tick < 5; tick++) {
    clock.advance(50)
    for (let i = 0; i < 10; i++) {
      tuner.signals.miss(i < miss * 10)
      tuner.signals.latency(5 + i)
      tuner.signals.queries()
      tuner.signals.queue(i)
    }
    tuner.tick()
  }
}
