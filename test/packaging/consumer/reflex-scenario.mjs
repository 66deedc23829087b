// What a user of `homeostat/resilience` and `homeostat/flow` does, the same in every runtime: by a clock of its own, so that every
// runtime must tell the same.
export async function consumeReflex(resilience, flow) {
  const { abortable, bindingKind, breaker, detector, protect, ready, recorder, reflex } = resilience
  let early
  try {
    breaker()
  } catch (error) {
    early = error.code
  }
  await Promise.all([ready(), flow.ready()])
  let nowUs = 0
  const clock = { nowUs: () => ++nowUs }
  const watching = reflex({ clock, seed: 7, tick: 'manual', runId: 'packaging' })
  const work = abortable(async ({ signal }, n) => {
    if (n % 3 !== 0 || signal.aborted) throw new Error('down')
    return n
  })
  const charge = protect('payments', work, {
    reflex: watching,
    caller: 'shop',
    limit: 'adaptive',
    breaker: { minimumCalls: 10 },
  })
  const outcomes = []
  for (let i = 0; i < 30; i++) {
    const outcome = await charge.try(i)
    outcomes.push(outcome.ok ? 'ok' : outcome.reason)
  }
  const thrown = await charge(1).catch((error) => `${error.name} ${error.code}`)
  const elsewhere = recorder({ clock })
  elsewhere.queueDepth(elsewhere.component('mailer'), 7)
  const taken = watching.ingest(elsewhere.take({ json: true }))
  const { state, openBreakers, componentStates } = watching.health()
  const journal = new TextDecoder().decode(watching.journal()).trim().split('\n').at(-1)
  await watching.close()

  const watch = detector({ clock })
  const latencies = Array.from({ length: 300 }, (_, i) => watch.record(i % 7, i * 100_000))
  const { armed, medianUs } = watch.explain()
  watch.close()

  const queue = flow.queue({ depth: 2, clock })
  const tickets = ['a', 'b', 'c', 'd'].map((item, i) => queue.enqueue(item, { tier: 4 - i }).ok)
  const left = [queue.dequeue()?.item, queue.dequeue()?.item, queue.dequeue()?.item]
  queue.close()
  const turns = flow.scheduler({ concurrency: 1, clock })
  const served = await Promise.all([1, 2, 3].map((n) => turns.execute(async () => n)))
  turns.close()
  const shed = flow.shedder({ capacity: 0.3 })
  const admitted = [0, 1, 2, 3, 4].filter((tier) => shed.admit(tier))
  return {
    binding: bindingKind(),
    early: early ?? 'ready',
    opened: state === 'degraded' && openBreakers === 1 && thrown === 'OpenCircuitError HOMEOSTAT_OPEN',
    facts: JSON.stringify([
      outcomes,
      taken,
      componentStates.length,
      JSON.parse(journal).hash,
      tickets,
      left,
      served,
      admitted,
      latencies.some(Boolean),
      armed,
      medianUs,
    ]),
  }
}
