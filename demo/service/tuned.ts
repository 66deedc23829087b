import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Explanation } from 'homeostat'
import { monotonicMs } from '../clock.js'
import type { Change } from '../messages.js'
import { duration } from '../view/format.js'
import { Audit } from './audit.js'
import { catalogTuner, initial, LIMITS, STORY } from './catalog-tuner.js'
import { Changes } from './changes.js'
import type { Instance } from './instance.js'
import { REVALIDATE_SHARE } from './sampling.js'
import { LIBRARY_DEFAULTS } from './settings.js'
import { TAIL_SLICE_MS, Tail } from './tail.js'

/**
 * One timer for both, in ms of the run: a slice of the second that the tail is taken over, and how often the tuner looks
 * whether a window has ended. A timer's wake-up costs more than what it does.
 */
const TICK_MS = TAIL_SLICE_MS
/** Runs whose journals are kept. */
const KEPT_RUNS = 10

export interface TunedOptions {
  /** Folder of all journals; each run has one of its own below. */
  readonly folder: string
  readonly seed: number
  readonly onChange: (change: Change) => void
  readonly mode?: 'auto' | 'recommend' | undefined
}

/** The instance that runs under Homeostat. */
export async function tunedInstance(options: TunedOptions): Promise<Instance> {
  const { tuner, ghosts, queue } = await catalogTuner({
    nowMs: monotonicMs,
    seed: options.seed,
    journal: { folder: runFolder(options.folder) },
    mode: options.mode,
  })

  const changes = new Changes({ initial, story: { clock: STORY, knobs: ['ttl'] }, onChange: options.onChange })
  const audit = new Audit(LIMITS, initial)
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
  const ticking = setInterval(() => {
    tuner.signals.tail(tail.p99())
    tail.turn()
    tuner.tick()
  }, TICK_MS)
  return {
    tuners: [tuner],
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
