// What the figures are held to. A time is for a machine on which a plain ring write takes 6 ns, and is scaled by what it takes here.

const RING_NS = 6

/** Rows for what was measured; a row whose figures are missing is left out. */
export function judge(ns) {
  const rows = []
  const row = (what, value, limit) => {
    if (Number.isFinite(value) && !Number.isNaN(limit)) rows.push({ what, value, limit, met: value <= limit })
  }
  const least = (start) =>
    Math.min(
      ...Object.entries(ns).flatMap(([name, value]) =>
        name.startsWith(start) && !name.includes('homeostat') ? [value] : [],
      ),
    )
  const scale = ns['plain ring write'] / RING_NS
  const cockatiel = least('call, cockatiel')
  row('protected call, closed, of cockatiel', ns['call, homeostat'] / cockatiel, 1)
  // Watched for cascades, patterns and regressions besides; not asked for, and held to the same.
  row('protected call, closed, in a reflex, of cockatiel', ns['call, homeostat in a reflex'] / cockatiel, 1)
  for (const rival of ['cockatiel', 'opossum'])
    row(`refusal as an outcome, of ${rival}`, ns['refusal, homeostat, outcome'] / least(`refusal, ${rival}`), 0.1)
  // The WebAssembly core is the one that runs, in Node too: an N-API call alone costs more.
  row('permit and result, wasm, ns', ns['permit and result, wasm'], 80 * scale)
  row(
    'failure at a window of 50,000, of 50',
    ns['failure at a window of 50000, homeostat'] / ns['failure at a window of 50, homeostat'],
    1.2,
  )
  row('structural event, ns', ns['structural event'], 20 * scale)
  const at = 'enqueue at a backlog of'
  // 13 to 16 us is what p-queue takes where priorities differ, which is what such a queue is for.
  const peer = ns[`${at} 50000, p-queue, any priority`]
  for (const what of ['item', 'call of any tier']) {
    row(`${at} 50,000, ${what}, of p-queue with priorities`, ns[`${at} 50000, ${what}`] / peer, 1 / 30)
    row(`${at} 50,000, ${what}, of 50`, ns[`${at} 50000, ${what}`] / ns[`${at} 50, ${what}`], 1.2)
  }
  // Where they are all alike p-queue appends: told, held to nothing.
  for (const what of ['item', 'call'])
    row(
      `${at} 50,000, ${what}, of p-queue without`,
      ns[`${at} 50000, ${what}`] / ns[`${at} 50000, p-queue`],
      Number.POSITIVE_INFINITY,
    )
  return rows
}
