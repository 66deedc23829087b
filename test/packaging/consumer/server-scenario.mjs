// What a user of `homeostat/server` does: listens, looks, commands, is refused; where nothing can be listened at, hands requests over.
const token = 'consumer-token-0000000000'

export async function consumeServer({ homeostat, knob, signal, ready }, { server }) {
  await ready()
  const tuner = await homeostat({
    name: 'served',
    mode: 'auto',
    tick: 'manual',
    controlSignal: false,
    knobs: { ttl: knob.duration({ min: '30s', max: '900s', initial: '300s' }) },
    signals: { latency: signal.duration() },
    minimize: (m) => m.latency.mean,
  })
  const operations = await server({ tuners: [tuner], tokens: [{ name: 'ada', role: 'operate', token }] })
  const listening = await operations.listen({ port: 0 }).catch(({ code }) => code)
  const base = typeof listening === 'string' ? 'http://localhost/' : listening.url
  const go = typeof listening === 'string' ? (request) => operations.fetch(request) : fetch
  const ask = (path, init = {}) =>
    go(new Request(base + path, { ...init, headers: { authorization: `Bearer ${token}`, ...init.headers } }))
  const state = await (await ask('api/v1/state')).json()
  const frozen = await ask('api/v1/tuners/served/commands', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"command":"freeze"}',
  })
  const refused = await go(new Request(`${base}api/v1/state`))
  const { openapi } = await (await ask('api/v1/openapi.json')).json()
  const metrics = await (await ask('metrics')).text()
  const found = [
    state.tuners[0].knobs[0].value,
    frozen.status,
    (await tuner.explain()).knobs[0].frozen,
    refused.status,
    openapi,
    metrics.endsWith('# EOF\n'),
    typeof listening === 'string' ? listening : 'listening',
  ]
  await operations.close()
  await tuner.close()
  return found.join(' ')
}
