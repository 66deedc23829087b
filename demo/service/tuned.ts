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
import { REVALIDATE_SHARE } from './sampling.js'
import { LIBRARY_DEFAULTS, LINGER_BOUNDS_MS } from './settings.js'
import { Tail } from './tail.js'

/**
 * One second of the run stands for this many of the story (15 s for the usual TTL of 300 s). The tuner lives in the story's
 * time, so that the guardrails' minutes, its windows and the TTL's bounds are those of a service in production.
 */
const STORY = 20

/** The preset whose pace suits phases that change from one second to the next, and its limits for the audit. */
const PRESET = 'aggressive'
const LIMITS = {
  maxDelta: 0.2,
  updatesPerSecond: 20,
  minIntervalUs: 50_000,
  flipsPerMinute: 5,
  cumulativePerMinute: 1,
} as const

/** A window of the story: half a second of the run, in which some requests are sampled even in the quiet phase. */
const WINDOW = '10s'
/**
 * One timer for both, in ms of the run: a tenth of the second that the tail is taken over, and how often the tuner looks
 * whether a window has ended. A timer's wake-up costs more than what it does.
 */
const TICK_MS = 100
const TICKS_PER_TAIL = 2
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
  const bounds = { min: scenario.bounds.ttlMs.min * STORY, max: scenario.bounds.ttlMs.max * STORY }
  const initial = { ttl: scenario.static.ttlMs * STORY, linger: LIBRARY_DEFAULTS.lingerMs }
  // Versions count updates, and what the traffic does now matters more than what it did: phases are short.
  const ghosts = shadow.cacheTtl({
    versions: 'counter',
    sample: 1 / 4,
    keys: 8192,
    smoothing: '20s',
    timeConstant: '100s',
  })
  const queue = new LingerShadow({
    candidatesMs: Array.from({ length: LINGER_CANDIDATES }, (_, i) => {
      return LINGER_BOUNDS_MS.min + ((LINGER_BOUNDS_MS.max - LINGER_BOUNDS_MS.min) * i) / (LINGER_CANDIDATES - 1)
    }),
    timeoutMs: scenario.timeoutMs,
  })

  const tuner = await homeostat({
    name: 'catalog',
    knobs: {
      // Milliseconds of the story, not rounded to whole ones.
      ttl: knob.number({ ...bounds, initial: initial.ttl, scale: 'log', shadow: ghosts }),
      linger: knob.duration({ ...LINGER_BOUNDS_MS, initial: initial.linger, shadow: lingerRecipe(queue, STORY) }),
    },
    signals: {
      latency: signal.duration(),
      miss: signal.ratio(),
      stale: signal.ratio(),
      error: signal.ratio(),
      tail: signal.gauge(),
    },
    minimize: (m) => costOf({ missRate: m.miss, staleRate: m.stale, p99Ms: m.tail, errorRate: m.error }),
    guardrails: PRESET,
    mode: 'auto',
    window: WINDOW,
    tick: 'manual',
    seed: options.seed,
    clock: { nowUs: () => monotonicMs() * 1000 * STORY },
    journal: { folder: runFolder(options.folder) },
  })

  const changes = new Changes({ initial, story: { clock: STORY, knobs: ['ttl'] }, onChange: options.onChange })
  const limits = {
    ...LIMITS,
    bounds: { ttl: { ...bounds, scale: 'log' }, linger: { ...LINGER_BOUNDS_MS, scale: 'linear' } },
  } as const
  const audit = new Audit(limits, initial)
  tuner.on('proposed', (event) => changes.proposed(event))
  // A rollback changes what is live as much as a step does.
  for (const change of ['applied', 'rolledBack'] as const) {
    tuner.on(change, (event) => {
      changes.applied(event)
      audit.applied(event)
    })
  }
  for (const kind of ['rejected', 'safeMode', 'recovered', 'regression'] as const) {
    tuner.on(kind, (event) => changes.other(kind, event))
  }

  const tail = new Tail()
  const { latency, miss, stale, error } = tuner.signals
  let ticks = 0
  const ticking = setInterval(() => {
    if (++ticks % TICKS_PER_TAIL === 0) tuner.signals.tail(tail.p99())
    tail.turn()
    tuner.tick()
  }, TICK_MS)
  return {
    settings: {
      get ttlMs() {
        return tuner.knobs.ttl / STORY
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
        tail.add(latencyMs)
      },
    },
    async close() {
      clearInterval(ticking)
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
    const shown = (ms: number) => duration(name === 'ttl' ? ms / STORY : ms)
    const pointed = shadow?.target == null ? 'nothing else is clearly better' : `heading for ${shown(shadow.target)}`
    return `${name} ends at ${shown(value)} (initially ${shown(initial)}): ${pointed}`
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
