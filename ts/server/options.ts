/**
 * Options of `server()`. Every option states its unit, range and default.
 */
import { invalid } from '../errors.js'
import type { JournalSink } from '../journal/sink.js'
import { MemorySink } from '../journal/sink.js'
import type { Reflex } from '../resilience/reflex/reflex.js'
import * as check from '../schema/checks.js'
import type { Storage } from '../storage/contract.js'
import type { DurationInput } from '../units.js'
import type { Assets } from './assets/assets.js'
import { HUB_DEFAULTS, type HubOptions } from './events/hub.js'
import type { History } from './history/history.js'
import type { TokenOptions } from './http/tokens.js'
import type { QueueSource } from './live/reflex.js'
import type { AnyTuner } from './live/tuner.js'
import type { Section } from './sections.js'
import type { Listener, TunerSource } from './sources.js'

export interface ServerOptions {
  /** Tuners of this process. */
  readonly tuners?: readonly AnyTuner[] | undefined
  /** The reflex of this process. */
  readonly reflex?: Reflex | undefined
  /** Queues and schedulers by name. */
  readonly queues?: Readonly<Record<string, QueueSource>> | undefined
  /**
   * More parts of the state by name, such as `kernels` and `fleet`: asked about once a second while somebody
   * looks, each with 500 ms to answer and 1 MiB of JSON. One that fails, is late or is no JSON is shown as its error.
   */
  readonly sections?: Readonly<Record<string, Section>> | undefined
  /**
   * Who may ask. Default: HOMEOSTAT_TOKENS, `name role token [expires]` separated by commas or lines, or such a file that
   * HOMEOSTAT_TOKEN_FILE names. Without any, only this machine may.
   */
  readonly tokens?: readonly TokenOptions[] | undefined
  /** What somebody on this machine may do without a token. Default: `operate` without tokens, `none` with them. */
  readonly loopback?: 'operate' | 'read' | 'none' | undefined
  /** Host names that are served besides loopback and addresses in figures, with or without a port. Default: none. */
  readonly hosts?: readonly string[] | undefined
  /** Origins of other pages that may ask, such as `https://ops.example.com`. Default: none. */
  readonly origins?: readonly string[] | undefined
  /** Path that the server stands under, such as `/ops`. Default: '' (Express and Fastify say it themselves where they know). */
  readonly base?: string | undefined
  /** The journal of operations: a folder (Node, Deno, Bun), a sink, or `{ memory: bytes }`. Default: 1 MiB of memory. */
  readonly journal?: string | { readonly memory: number } | JournalSink | undefined
  /**
   * A store of `homeostat/storage` that keeps the answers to commands with an `Idempotency-Key`, so that keys are known after a restart
   * and to every server of the store. It stays the application's to close, after the server. Default: this process's memory alone.
   */
  readonly storage?: Pick<Storage, 'answers'> | undefined
  /** History that a store keeps; undefined: this process's own. */
  readonly history?: ((tuner: string) => History | undefined) | undefined
  /** Windows of history that are kept in memory for each tuner; the next power of two. 4096 to 2^22; default 65,536. */
  readonly points?: number | undefined
  /** Largest body of a command, in bytes. 1024 to 1e6; default 65,536. */
  readonly bodyMax?: number | undefined
  /** How long a body may take to arrive. 100 ms to 60 s; default 10 s. */
  readonly bodyTimeout?: DurationInput | undefined
  /** Event streams at once. 1 to 10000; default 64. */
  readonly readers?: number | undefined
  /** How often the live state is told to readers. 50 ms to 60 s; default 1 s. */
  readonly stateInterval?: DurationInput | undefined
  /** How often a sign of life is given to readers, and their right to read is looked at. 50 ms to 60 s; default 15 s. */
  readonly heartbeat?: DurationInput | undefined
  /** What is served as the page. Default: the dashboard; links where a runtime has no files. @internal */
  readonly assets?: Assets | undefined
  /** Sources besides the tuners of this process. @internal */
  readonly sources?: readonly ((listener: { changed(change: never): void }) => TunerSource)[] | undefined
  /** Is given what adds sources later. @internal */
  readonly adding?: ((add: (make: (listener: Listener) => TunerSource) => boolean) => void) | undefined
}

const KEYS = [
  'tuners',
  'reflex',
  'queues',
  'sections',
  'tokens',
  'loopback',
  'hosts',
  'origins',
  'base',
  'journal',
  'storage',
  'history',
  'points',
  'bodyMax',
  'bodyTimeout',
  'readers',
  'stateInterval',
  'heartbeat',
  'assets',
  'sources',
  'adding',
] as const
const NAME = /^[A-Za-z0-9][A-Za-z0-9 _.-]{0,63}$/
const HOST = /^(?:[a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/
const ORIGIN = /^https?:\/\/(?:[a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/
const BASE = /^(?:\/[A-Za-z0-9._~-]+)*$/
const JOURNAL_BYTES = 1 << 20

export interface ResolvedServer {
  readonly tuners: readonly AnyTuner[]
  readonly reflex: Reflex | undefined
  readonly queues: ReadonlyMap<string, QueueSource>
  readonly sections: ReadonlyMap<string, Section>
  readonly tokens: readonly TokenOptions[] | undefined
  readonly loopback: 'operate' | 'read' | 'none' | undefined
  readonly hosts: readonly string[]
  readonly origins: readonly string[]
  readonly base: string
  /** A folder is the host's to open. */
  readonly journal: JournalSink | { readonly folder: string }
  readonly answers: Storage['answers'] | undefined
  readonly history: (tuner: string) => History | undefined
  readonly points: number
  readonly body: { readonly bytesMax: number; readonly timeoutMs: number }
  readonly hub: HubOptions
  readonly assets: Assets | undefined
  readonly sources: NonNullable<ServerOptions['sources']>
  readonly adding: ServerOptions['adding']
}

export function resolveServer(given: ServerOptions): ResolvedServer {
  const options = check.object('server', given) as ServerOptions
  check.onlyKeys('server', options, KEYS)
  const { tuners = [], reflex } = options
  if (!Array.isArray(tuners) || tuners.some((one) => typeof one?.explain !== 'function'))
    throw invalid('tuners', 'an array of tuners, made by homeostat()', tuners)
  const names = tuners.map(({ name }) => name)
  if (new Set(names).size < names.length)
    throw invalid('tuners', 'of different names', names.join(', '), 'HOMEOSTAT_DUPLICATE_NAME')
  if (reflex !== undefined && typeof reflex?.health !== 'function') throw invalid('reflex', 'made by reflex()', reflex)
  return {
    tuners,
    reflex,
    queues: named('queues', options.queues, (one) => 'capacity' in check.object('queues', one), 'what has a capacity'),
    sections: named('sections', options.sections, (one) => typeof one === 'function', 'a function'),
    tokens: options.tokens,
    loopback:
      options.loopback === undefined
        ? undefined
        : check.oneOf('loopback', options.loopback, ['operate', 'read', 'none'] as const),
    hosts: texts('hosts', options.hosts, HOST, 'names such as ops.example.com').map((host) => host.toLowerCase()),
    origins: texts('origins', options.origins, ORIGIN, 'origins such as https://ops.example.com'),
    base: baseOf(options.base),
    journal: journalOf(options.journal),
    answers: answersOf(options.storage),
    history: options.history === undefined ? () => undefined : (check.fn('history', options.history) as never),
    points:
      2 **
      Math.ceil(
        Math.log2(check.number('points', options.points, { min: 4096, max: 2 ** 22, whole: true, fallback: 65_536 })),
      ),
    body: {
      bytesMax: check.number('bodyMax', options.bodyMax, { min: 1024, max: 1e6, whole: true, fallback: 65_536 }),
      timeoutMs: check.duration('bodyTimeout', options.bodyTimeout, { min: 100, max: 60_000, fallback: 10_000 }),
    },
    hub: {
      ...HUB_DEFAULTS,
      readersMax: check.number('readers', options.readers, { min: 1, max: 10_000, whole: true, fallback: 64 }),
      stateMs: check.duration('stateInterval', options.stateInterval, { min: 50, max: 60_000, fallback: 1000 }),
      heartbeatMs: check.duration('heartbeat', options.heartbeat, { min: 50, max: 60_000, fallback: 15_000 }),
    },
    assets: options.assets,
    sources: options.sources ?? [],
    adding: options.adding,
  }
}

function named<T>(
  at: string,
  given: Readonly<Record<string, T>> | undefined,
  fits: (value: T) => boolean,
  range: string,
): ReadonlyMap<string, T> {
  const found = new Map<string, T>()
  for (const [name, value] of Object.entries(check.object(at, given ?? {}) as Record<string, T>)) {
    if (!NAME.test(name)) throw invalid(at, 'under names of 1 to 64 letters, digits, spaces, _ . -', name)
    if (!fits(value)) throw invalid(`${at}.${name}`, range, value)
    found.set(name, value)
  }
  return found
}

function texts(at: string, given: readonly string[] | undefined, fits: RegExp, range: string): readonly string[] {
  if (given === undefined) return []
  if (!Array.isArray(given)) throw invalid(at, `an array of ${range}`, given)
  for (const one of given) if (typeof one !== 'string' || !fits.test(one)) throw invalid(at, range, one)
  return given
}

function baseOf(given: string | undefined): string {
  const base = given === '/' ? '' : (given ?? '')
  if (typeof base !== 'string' || !BASE.test(base) || base.split('/').some((part) => /^\.{1,2}$/.test(part)))
    throw invalid('base', "a path such as '/ops', without a slash at its end", given)
  return base
}

function answersOf(given: ServerOptions['storage']): Storage['answers'] | undefined {
  if (given === undefined) return undefined
  if (typeof given?.answers?.put !== 'function')
    throw invalid('storage', "a store of 'homeostat/storage', as openStorage() gives it", given)
  return given.answers
}

function journalOf(given: ServerOptions['journal']): ResolvedServer['journal'] {
  if (given === undefined) return new MemorySink(JOURNAL_BYTES)
  if (typeof given === 'string') return { folder: check.text('journal', given) }
  const one = check.object('journal', given)
  if (typeof one.write === 'function') return given as JournalSink
  check.onlyKeys('journal', one, ['memory'])
  return new MemorySink(check.bytes('journal.memory', one.memory, { min: 65_536, max: 2 ** 28 }))
}
