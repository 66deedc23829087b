/**
 * `homeostat()`: checks the options, allocates the shared memory, makes the core and starts the loop.
 */
import { type Binding, CONTROL_ON, type Engine } from '../binding.js'
import { systemClock } from '../clock.js'
import { fromCore, invalid } from '../errors.js'
import type { ControlWatcher, Host } from '../host.js'
import { type JournalSink, MemorySink } from '../journal/sink.js'
import { CellWriter } from '../memory/cell.js'
import { allocate, WORD_CONTROL } from '../memory/layout.js'
import type { KnobSpecs } from '../schema/knob.js'
import type { HomeostatOptions } from '../schema/options.js'
import type { SignalSpecs } from '../schema/signal.js'
import { folderJournal, type Resolved, type ResolvedJournal, validate } from '../schema/validate.js'
import type { TunerState } from '../storage/contract.js'
import { within } from '../within.js'
import { configOf } from './config.js'
import { fromEnvironment, SOURCE_ENV, SOURCE_SIGNAL } from './control.js'
import { Loop } from './loop.js'
import { candidateOf, holdAgain, Resume } from './resume.js'
import { MonotonicTime } from './time.js'
import { Tuner } from './tuner.js'

const DEFAULT_MEMORY = 4 * 2 ** 20
const TICKS_PER_WINDOW = 5
/** How often a closing tuner looks whether the sink has room again. */
const FLUSH_POLL_MS = 10
/** What a sink has beyond the time of the close to give back what it holds, so that the next tuner can have it at once. */
const RELEASE_MS = 150

export async function create<K extends KnobSpecs, S extends SignalSpecs>(
  options: HomeostatOptions<K, S>,
  host: Host,
  loadBinding: () => Promise<Binding>,
): Promise<Tuner<K, S>> {
  const given = validate(options)
  const environment = fromEnvironment(host.env('HOMEOSTAT'))
  const resolved = environment.observe ? { ...given, engine: { ...given.engine, mode: 'observe' as const } } : given
  const controlFile = resolved.controlFile ?? (host.env('HOMEOSTAT_CONTROL') || undefined)
  if (controlFile !== undefined && host.watchControlFile === undefined) {
    throw invalid(
      'controlFile',
      `left out on ${host.target}, which has no file system; use tuner.control()`,
      controlFile,
    )
  }
  const binding = await loadBinding()
  const sink = await openSink(resolved, host)
  try {
    const before = await stateBefore(resolved, host)
    return start<K, S>(resolved, host, binding, sink, environment.control, controlFile, before)
  } catch (error) {
    await sink.close(resolved.closeTimeoutMs)
    throw error
  }
}

async function openSink(resolved: Resolved, host: Host): Promise<JournalSink> {
  const folder = host.env('HOMEOSTAT_JOURNAL')
  const wanted: ResolvedJournal =
    resolved.journal ?? (folder && host.openJournal ? folderJournal(folder) : { kind: 'memory', bytes: DEFAULT_MEMORY })
  if (wanted.kind === 'sink') return wanted.sink
  if (wanted.kind === 'storage') return wanted.store.openJournal(resolved.engine.name, wanted.options)
  if (wanted.kind === 'memory') return new MemorySink(wanted.bytes)
  if (host.openJournal === undefined) {
    throw invalid('journal', `{ memory } or a sink on ${host.target}, which has no file system`, wanted.folder)
  }
  return host.openJournal(resolved.engine.name, wanted)
}

/** Where the run before stood; read once the journal is ours, so that nobody writes it any more. */
async function stateBefore({ journal, engine }: Resolved, host: Host): Promise<TunerState | undefined> {
  if (journal?.kind !== 'storage' || !journal.resume) return undefined
  try {
    return (await journal.store.tuners.get(engine.name, journal.options.log ?? engine.name))?.value
  } catch (error) {
    host.warn(`homeostat: tuner "${engine.name}" begins anew, what was stored of it cannot be read: ${String(error)}`)
    return undefined
  }
}

function start<K extends KnobSpecs, S extends SignalSpecs>(
  resolved: Resolved,
  host: Host,
  binding: Binding,
  sink: JournalSink,
  environmentWord: number,
  controlFile: string | undefined,
  before: TunerState | undefined,
): Tuner<K, S> {
  const time = new MonotonicTime(resolved.clock)
  const runId = resolved.runId ?? host.randomId()
  const seed = resolved.seed ?? seedOf(runId)
  const engine = createEngine(binding, resolved, { runId, seed, nowUs: time.now(), previous: sink.previous })
  // As the core has them: a periodic knob's upper bound is its lower one.
  const initial = new Float64Array(resolved.knobs.length)
  engine.readValues(initial)
  const { lanes, ring } = resolved
  const memory = allocate({ knobs: initial.length, signals: resolved.signals.length, lanes, ring }, initial)
  const first = new CellWriter(memory)
  first.stage.set(initial, 1)
  first.publish(engine.generation(), CONTROL_ON)

  const target = before === undefined ? undefined : candidateOf(before, resolved.knobs)
  const { max_delta, min_interval_us } = configOf(resolved).guardrails
  const limits = { stepMost: Number(max_delta), intervalUs: Number(min_interval_us) }
  const resume = target && new Resume(target, resolved.knobs, limits, time.now())
  const loop = new Loop({ resolved, engine, memory, sink, time, host, resume })
  const stops: (() => void)[] = []
  let watcher: ControlWatcher | undefined
  if (environmentWord !== CONTROL_ON) loop.say(SOURCE_ENV, environmentWord)
  if (controlFile !== undefined) {
    const word = host.readControlFile?.(controlFile) ?? CONTROL_ON
    Atomics.store(memory.words, WORD_CONTROL, word)
    watcher = host.watchControlFile?.(controlFile, memory)
  }
  if (resolved.controlSignal && host.onOffSignal !== undefined) {
    stops.push(
      host.onOffSignal(() => {
        if (loop.failure === undefined) loop.say(SOURCE_SIGNAL, 2)
      }),
    )
  }
  if (!resolved.manual) stops.push(startTimer(loop, resolved.windowUs / 1000 / TICKS_PER_WINDOW))
  const tuner = new Tuner<K, S>({ resolved, runId, seed, memory, engine, loop, sink, close })
  if (before !== undefined) holdAgain(before, tuner as never, resolved.knobs)
  loop.begin()
  return tuner

  async function close(): Promise<void> {
    for (const stop of stops) stop()
    loop.stop()
    const end = systemClock.nowUs() + resolved.closeTimeoutMs * 1000
    const leftMs = (): number => Math.max(0, (end - systemClock.nowUs()) / 1000)
    await within(leftMs(), Promise.all([loop.pusher.close(), watcher?.close(resolved.closeTimeoutMs)]))
    while (loop.flush() > 0 && leftMs() > 0) await sleep(FLUSH_POLL_MS)
    await within(leftMs() + RELEASE_MS, sink.close(leftMs()))
    closeEngine(engine)
  }
}

function createEngine(
  binding: Binding,
  resolved: Resolved,
  run: { runId: string; seed: number; nowUs: number; previous: string | undefined },
): Engine {
  try {
    const { runId: run_id, seed, nowUs: now_us, previous } = run
    return binding.createEngine(JSON.stringify({ ...resolved.engine, run_id, seed, now_us, previous }))
  } catch (error) {
    throw fromCore(error)
  }
}

/** A core that panicked cannot be freed; nothing is lost by leaving it. */
function closeEngine(engine: Engine): void {
  try {
    engine.close()
  } catch {
    // Closed or dead already.
  }
}

function startTimer(loop: Loop, everyMs: number): () => void {
  const timer: unknown = setInterval(() => loop.tick(), everyMs)
  // Node and Bun give an object that can be unref'd; Deno and browsers a number.
  if (typeof timer === 'object' && timer !== null && 'unref' in timer) (timer as { unref(): void }).unref()
  return () => clearInterval(timer as ReturnType<typeof setInterval>)
}

/** FNV-1a: the same run gets the same seed. */
function seedOf(runId: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < runId.length; i++) hash = Math.imul(hash ^ runId.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
