import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Explanation, homeostat, knob, signal } from 'homeostat'
import { shadow } from 'homeostat/shadow'
import { monotonicMs } from '../clock.js'
import type { Change } from '../messages.js'
import { costOf, scenario } from '../scenario.js'
import { duration } from '../view/format.js'
import { Audit } from './audit.js'
import { Changes } from './changes.js'
import type { Instance } from './instance.js'
import { LingerShadow } from './linger-shadow.js'
import { lingerRecipe } from './recipes.js'
import { LIBRARY_DEFAULTS, LINGER_BOUNDS_MS } from './settings.js'
import { Tail } from './tail.js'

/** Share of requests that are sampled to learn how many answers are stale. */
export const REVALIDATE_SHARE = 0.05

/** One second of the run stands for this many of the story, so what is "per minute" in the story is per 3 s here. */
const STORY = 20

/** The `balanced` preset on the story's clock: the size of a step and the pace of updates stay as they are. */
const GUARDRAILS = {
  preset: 'balanced',
  maxDelta: 0.1,
  updatesPerSecond: 10,
  minInterval: '100ms',
  flipsPerMinute: 3 * STORY,
  cumulativePerMinute: 0.5 * STORY,
  cooldown: 30_000 / STORY,
  rollbacksPerHour: 4 * STORY,
  minStable: 5_000 / STORY,
} as const

/** Long enough for a batch of comparisons to fall into every window. */
const WINDOW_MS = 500
const LINGER_CANDIDATES = 11
/** Runs whose journals are kept. */
const KEPT_RUNS = 10

export interface TunedOptions {
  /** Folder of all journals; each run has one of its own below. */
  readonly folder: string
  readonly seed: number
  readonly onChange: (change: Change) => void
}

/** The instance that runs under Homeostat: two knobs, five signals, the scenario's cost. */
export async function tunedInstance(options: TunedOptions): Promise<Instance> {
  const { min, max } = scenario.bounds.ttlMs
  const initial = { ttl: scenario.static.ttlMs, linger: LIBRARY_DEFAULTS.lingerMs }
  // Versions count updates, and what the traffic does now matters more than what it did: phases are short.
  const ghosts = shadow.cacheTtl({ versions: 'counter', smoothing: '1s' })
  const queue = new LingerShadow({
    candidatesMs: Array.from({ length: LINGER_CANDIDATES }, (_, i) => {
      return LINGER_BOUNDS_MS.min + ((LINGER_BOUNDS_MS.max - LINGER_BOUNDS_MS.min) * i) / (LINGER_CANDIDATES - 1)
    }),
    timeoutMs: scenario.timeoutMs,
  })

  const tuner = await homeostat({
    name: 'catalog',
    knobs: {
      ttl: knob.duration({ min, max, initial: initial.ttl, scale: 'log', lag: '1s', shadow: ghosts }),
      linger: knob.duration({ ...LINGER_BOUNDS_MS, initial: initial.linger, shadow: lingerRecipe(queue) }),
    },
    signals: {
      latency: signal.duration(),
      miss: signal.ratio(),
      stale: signal.ratio(),
      error: signal.ratio(),
      tail: signal.gauge(),
    },
    minimize: (m) => costOf({ missRate: m.miss, staleRate: m.stale, p99Ms: m.tail, errorRate: m.error }),
    guardrails: GUARDRAILS,
    mode: 'auto',
    window: WINDOW_MS,
    seed: options.seed,
    // The clock of the whole demonstration, so that events, samples and the loader's seconds are on one axis.
    clock: { nowUs: () => monotonicMs() * 1000 },
    journal: { folder: runFolder(options.folder) },
  })

  const changes = new Changes(initial, options.onChange)
  const unit = Math.log(initial.ttl / min) / Math.log(max / min)
  const audit = new Audit(
    {
      ...GUARDRAILS,
      minIntervalUs: 100_000,
      bounds: { ttl: { min, max }, linger: LINGER_BOUNDS_MS },
    },
    [unit, initial.linger / LINGER_BOUNDS_MS.max],
  )
  tuner.on('proposed', (event) => changes.proposed(event))
  tuner.on('applied', (event) => {
    changes.applied(event)
    audit.applied(event)
  })
  for (const kind of ['rejected', 'rolledBack', 'safeMode', 'recovered', 'regression'] as const) {
    tuner.on(kind, (event) => changes.other(kind, event))
  }

  const tail = new Tail()
  const { latency, miss, stale, error } = tuner.signals
  const timer = setInterval(() => tuner.signals.tail(tail.p99(monotonicMs())), WINDOW_MS / 4)
  return {
    settings: {
      get ttlMs() {
        return tuner.knobs.ttl
      },
      get lingerMs() {
        return tuner.knobs.linger
      },
      batchSize: LIBRARY_DEFAULTS.batchSize,
      inFlight: LIBRARY_DEFAULTS.inFlight,
    },
    revalidateShare: REVALIDATE_SHARE,
    observer: {
      looked(id, hit) {
        ghosts.onRead(id)
        queue.requested()
        miss(!hit)
      },
      known: (row) => ghosts.onVersion(row.id, row.version),
      compared: (found) => stale(found),
      asked: (nowMs) => queue.asked(nowMs),
      askedAside: (nowMs) => queue.askedAside(nowMs),
      answered: (sentAtMs, answeredAtMs) => queue.answered(sentAtMs, answeredAtMs),
      done(latencyMs, failed) {
        latency(latencyMs)
        error(failed)
        tail.add(latencyMs, monotonicMs())
      },
    },
    async close() {
      clearInterval(timer)
      const explanation = await tuner.explain()
      await tuner.close()
      return {
        changes: changes.all,
        breaches: audit.breaches,
        journal: tuner.journal.path ?? null,
        explanation: explain(explanation),
      }
    },
  }
}

/** Where each knob stands at the end, and why, in one line each. */
function explain({ knobs, safe_mode_entries: safeModes, regressions }: Explanation): string[] {
  const lines = knobs.map(({ name, value, initial, shadow }) => {
    const pointed = shadow?.target == null ? 'nothing else is clearly better' : `heading for ${duration(shadow.target)}`
    return `${name} ends at ${duration(value)} (initially ${duration(initial)}): ${pointed}`
  })
  return [...lines, `SafeMode was entered ${safeModes} times; ${regressions} regressions were seen.`]
}

/** A folder of its own for this run; beyond {@link KEPT_RUNS} the oldest goes. */
function runFolder(folder: string): string {
  mkdirSync(folder, { recursive: true })
  const runs = readdirSync(folder, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && /^run-\d/.test(entry.name),
  )
  const names = runs.map(({ name }) => name).sort()
  for (const name of names.slice(0, Math.max(0, names.length - KEPT_RUNS + 1))) {
    rmSync(join(folder, name), { recursive: true, force: true })
  }
  const now = new Date().toISOString().replace(/[:.]/g, '-')
  return join(folder, `run-${now}-${process.pid}`)
}
