// What the figures are held to. A time is for a machine on which a plain ring write takes 6 ns, and is scaled by what it takes here.

const RING_NS = 6

/** Rows for what was measured; a row whose figures are missing is left out. */
export function judge(ns) {
  const rows = []
  const row = (what, value, limit) => {
    if (Number.isFinite(value) && Number.isFinite(limit)) rows.push({ what, value, limit, met: value <= limit })
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
  row('protected call in a reflex, closed, of cockatiel', ns['call, homeostat in a reflex'] / cockatiel, 1)
  for (const rival of ['cockatiel', 'opossum'])
    row(`refusal as an outcome, of ${rival}`, ns['refusal, homeostat, outcome'] / least(`refusal, ${rival}`), 0.1)
  for (const target of ['wasm', 'native'])
    row(`permit and result, ${target}, ns`, ns[`permit and result, ${target}`], 80 * scale)
  row(
    'failure at a window of 50,000, of 50',
    ns['failure at a window of 50000, homeostat'] / ns['failure at a window of 50, homeostat'],
    1.2,
  )
  row('structural event, ns', ns['structural event'], 20 * scale)
  const peer = ns['enqueue at a backlog of 50000, p-queue']
  for (const what of ['item', 'call']) {
    row(
      `enqueue at a backlog of 50,000, ${what}, of p-queue`,
      ns[`enqueue at a backlog of 50000, ${what}`] / peer,
      1 / 30,
    )
    row(
      `enqueue at a backlog of 50,000, ${what}, of 50`,
      ns[`enqueue at a backlog of 50000, ${what}`] / ns[`enqueue at a backlog of 50, ${what}`],
      1.2,
    )
  }
  return rows
}
