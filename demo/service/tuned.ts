import { monotonicMs } from '../clock.js'
import type { Change } from '../messages.js'
import { scenario } from '../scenario.js'
import type { Instance } from './instance.js'
import { LingerShadow } from './linger-shadow.js'
import { LIBRARY_DEFAULTS, LINGER_BOUNDS_MS } from './settings.js'
import { TtlShadow } from './ttl-shadow.js'
const NC = 13, TAU = +(process.env.TAU ?? 1.5), HYS = 0.03, STEP = 0.1, SHARE = +(process.env.SHARE ?? 0.05)
export async function tunedInstance(o: { folder: string; seed: number; onChange: (c: Change) => void }): Promise<Instance> {
  const { min, max } = scenario.bounds.ttlMs
  const cand = Array.from({ length: NC }, (_, i) => min * (max / min) ** (i / (NC - 1)))
  const lcand = Array.from({ length: 11 }, (_, i) => i * 10)
  const z = (ms: number) => Math.log(ms / min) / Math.log(max / min)
  const settings = { ttlMs: scenario.static.ttlMs, ...LIBRARY_DEFAULTS, lingerMs: 0 }
  const sh = new TtlShadow({ candidatesMs: cand, capacity: scenario.rows })
  const ls = new LingerShadow({ candidatesMs: lcand, timeoutMs: scenario.timeoutMs })
  let L = 0; const M = new Float64Array(NC), S = new Float64Array(NC)
  const changes: Change[] = []
  const change = (knob: string, from: number, to: number, why: string) => { const c = { atMs: monotonicMs(), kind: 'applied', knob, from, to, why }; changes.push(c); o.onChange(c) }
  let w = 0; let lc: number[] | undefined
  const t = setInterval(() => {
    const x = sh.take(); const k = Math.exp(-0.25 / TAU); L = L * k + x.lookups
    for (let c = 0; c < NC; c++) { M[c] = M[c]! * k + x.misses[c]!; S[c] = S[c]! * k + x.stale[c]! }
    w++
    if (w > 16 && L > 0) {
      const cost = Array.from(M, (m, c) => (10 * m + 20 * S[c]!) / L)
      const zc = z(settings.ttlMs) * (NC - 1); const lo = Math.min(NC - 2, Math.floor(zc)); const cur = cost[lo]! + (cost[lo + 1]! - cost[lo]!) * (zc - lo)
      let b = 0; cost.forEach((v, c) => { if (v < cost[b]!) b = c })
      if (cost[b]! < cur * (1 - HYS)) { let d = b / (NC - 1) - z(settings.ttlMs); d = Math.sign(d) * Math.min(Math.abs(d), STEP); if (Math.abs(d) > 0.004) { const to = min * (max / min) ** (z(settings.ttlMs) + d); change('ttl', settings.ttlMs, to, ''); settings.ttlMs = to } }
    }
    if (w % 2 === 0) {
    const l = ls.take(monotonicMs()).map((e) => 5 * Math.max(0, e.p99Ms / 100 - 1) + 20 * e.errorRate)
    lc = lc ? lc.map((v, i) => v * 0.5 + l[i]! * 0.5) : l
    const at = Math.round(settings.lingerMs / 10); let b = at; lc.forEach((v, i) => { if (v < lc![b]! - 0.05 ) b = i })
    if (process.env.TR) console.log('svc', ls.serviceMs.toFixed(1), lc.map(x=>x.toFixed(1)).join(' '))
    }
    if (lc) { const at = Math.round(settings.lingerMs / 10); let b = at; lc.forEach((v, i) => { if (v < lc![b]! - 0.05) b = i })
    if (b !== at) { const to = settings.lingerMs + Math.sign(b - at) * 10; change('linger', settings.lingerMs, to, ''); settings.lingerMs = Math.max(LINGER_BOUNDS_MS.min, Math.min(LINGER_BOUNDS_MS.max, to)) } }
  }, 250)
  return {
    settings, revalidateShare: SHARE,
    observer: {
      looked(id, nowMs, _hit, watched) { const m = watched ? sh.sight(id) : undefined; sh.looked(id, nowMs); ls.requested(); return m },
      known(row, readAt, lookedAt, hit, m) { sh.read(row.id, row.version, readAt); sh.judge(row.id, lookedAt, m as Float64Array, hit ? 1 / SHARE : 1) },
      asked: (t) => ls.asked(t), answered: (_k, s, a) => ls.answered(s, a),
    },
    close: async () => { clearInterval(t); return { changes, breaches: 0, journal: null, explanation: [] } },
  }
}
