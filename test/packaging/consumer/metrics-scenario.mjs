// What a user of `homeostat/metrics` and `homeostat/openfeature` does, over the real packages: a scrape, an export, a decision within a
// span, a flag that is read and followed.

export async function consumeMetrics({ api, metrics, openfeature, promClient, otel, sdk }) {
  await api.ready()
  const tuner = await api.homeostat({
    name: 'measured',
    tick: 'manual',
    controlSignal: false,
    knobs: { ttl: api.knob.duration({ min: '30s', max: '900s', initial: '300s' }) },
    signals: { miss: api.signal.ratio() },
    minimize: (m) => m.miss,
  })
  const exported = meterOf(otel)
  const registry = new promClient.Registry()
  const decisions = []
  const exporters = [
    metrics.prometheus({
      registry,
      tuners: [tuner],
      trace: otel.trace,
      onDecision: ({ type }) => decisions.push(type),
    }),
    metrics.openTelemetry({ api: otel, tuners: [tuner] }),
  ]
  await sdk.OpenFeature.setProviderAndWait(new openfeature.HomeostatProvider(tuner))
  const client = sdk.OpenFeature.getClient()
  const flag = await client.getNumberDetails('ttl', 1)
  tuner.freeze()
  await new Promise((resolve) => setTimeout(resolve, 50))
  const text = await registry.metrics()
  const observed = await exported()
  const found = [
    text.includes('homeostat_knob_value{tuner="measured",knob="ttl"} 300000'),
    text.includes('homeostat_knob_frozen{tuner="measured",knob="ttl"} 1'),
    observed.get('homeostat_knob_frozen'),
    decisions.includes('frozen') || decisions.join(),
    flag.value,
    flag.reason,
    (await client.getNumberDetails('nothing', 7)).errorCode,
  ]
  for (const one of exporters) one.close()
  await sdk.OpenFeature.close()
  await tuner.close()
  return `${found.join(' ')} ${(await registry.metrics()).trim() === ''}`
}

/** A meter provider as small as can be, behind the real API. @returns what an export would send: values by name */
function meterOf(otel) {
  const callbacks = []
  const make = (name) => ({ name })
  otel.metrics.setGlobalMeterProvider({
    getMeter: () => ({
      createObservableGauge: make,
      createObservableCounter: make,
      addBatchObservableCallback: (callback) => callbacks.push(callback),
      removeBatchObservableCallback: () => {},
    }),
  })
  return async () => {
    const values = new Map()
    for (const callback of callbacks) await callback({ observe: ({ name }, value) => values.set(name, value) })
    return values
  }
}
