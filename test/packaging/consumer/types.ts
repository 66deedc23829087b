import { homeostat, knob, signal } from 'homeostat'

export async function typed(): Promise<number> {
  const tuner = await homeostat({
    name: 'typed',
    knobs: { ttl: knob.duration({ min: '30s', max: '900s', initial: '300s', scale: 'log' }) },
    signals: { latency: signal.duration() },
    minimize: (m) => m.latency.p99,
  })
  // @ts-expect-error a knob that was not declared does not compile
  tuner.knobs.tll
  // @ts-expect-error a signal that was not declared does not compile
  tuner.signals.latencies(1)
  const ttl: number = tuner.knobs.ttl
  await tuner.close()
  return ttl
}
