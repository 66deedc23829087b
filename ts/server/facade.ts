/**
 * The same server for every runtime: an entry makes it from its host and exports what it gives.
 */
import { HomeostatError } from '../errors.js'
import type { JournalSink } from '../journal/sink.js'
import { type Assets, DEFAULT_ASSETS } from './assets/assets.js'
import { Core } from './core.js'
import { parseTokens, type Role, type TokenOptions, Tokens } from './http/tokens.js'
import type { Feed } from './journal/feed.js'
import { memoryFeed } from './journal/memory-feed.js'
import { storeFeed } from './journal/store-feed.js'
import { type AnyTuner, LiveTuner } from './live/tuner.js'
import {
  type ExpressMiddleware,
  express,
  type FastifyPlugin,
  fastify,
  type HonoMiddleware,
  hono,
} from './mounts/frameworks.js'
import { answer, hangUp, type NodeRequest, type NodeResponse } from './mounts/node.js'
import { resolveServer, type ServerOptions } from './options.js'
import { type Connection, Handler } from './server.js'

export interface ListenOptions {
  /** 0 chooses a free one. 0 to 65535; default 9464. */
  readonly port?: number | undefined
  /** Address to listen at. Anything but loopback needs a token. Default 127.0.0.1. */
  readonly host?: string | undefined
}

export interface Listening {
  readonly url: string
  readonly port: number
  /** Ends its connections and their streams; others, mounted or listening elsewhere, go on. */
  close(): Promise<void>
}

/** What an entry injects: everything of the server that differs between runtimes. */
export interface ServerHost {
  readonly target: string
  readonly version: string
  env(name: string): string | undefined
  warn(line: string): void
  randomId(): string
  /** Tokens of a file, now and as it changes. */
  tokenFile?(path: string): FollowedTokens
  /** The dashboard, where there are files to read it from. */
  readPage?(): Assets | undefined
  openJournal?(name: string, folder: string): Promise<JournalSink>
  /** The journal of the tuner `name`, of which `path` is the file that is being written. */
  feedOfFile?(path: string, name: string): Feed
  listen?(
    handler: (request: NodeRequest, response: NodeResponse) => void,
    options: { readonly port: number | undefined; readonly host: string | undefined; readonly protected: boolean },
  ): Promise<Listening>
}

export interface FollowedTokens {
  read(): readonly TokenOptions[]
  follow(take: (tokens: readonly TokenOptions[]) => void): void
  close(): void
}

export interface Operations {
  /** A request in, a response out: for every runtime and framework that speaks the web's own objects. */
  fetch(request: Request, connection?: Connection): Promise<Response>
  /** For `http.createServer(…)`. */
  readonly node: (request: NodeRequest, response: NodeResponse) => void
  /** `app.use('/ops', operations.express())` */
  express(): ExpressMiddleware
  /** `app.register(operations.fastify(), { prefix: '/ops' })` */
  fastify(): FastifyPlugin
  /** `app.use(operations.hono())`, with the option `base` where it does not stand at the root. */
  hono(): HonoMiddleware
  /** Listens by itself, on loopback unless told otherwise (Node, Deno, Bun). */
  listen(options?: ListenOptions): Promise<Listening>
  /** The tokens from now on, whatever the environment or a file of it says; streams of those that are gone end at once. */
  setTokens(tokens: readonly TokenOptions[]): void
  /** The OpenAPI document, with the names that there are; `/api/v1/openapi.json`, which needs no token, has none. */
  readonly openapi: { readonly [key: string]: unknown }
  /** Ends streams and makes the journal of operations durable. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

const CLOSE_MS = 2000

export type MakeServer = (options?: ServerOptions) => Promise<Operations>

export function makeServer(host: ServerHost): MakeServer {
  return async (options = {}) => {
    const resolved = resolveServer(options)
    const environment =
      resolved.tokens === undefined ? environmentOf(host) : { given: resolved.tokens, file: undefined }
    const tokens = new Tokens([...environment.given, ...(environment.file?.read() ?? [])])
    const runId = host.randomId()
    const journal = 'write' in resolved.journal ? resolved.journal : await openFolder(host, resolved.journal.folder)
    // Asked anew for each request: tokens that are given out later close what was open only for want of any.
    const loopbackRole = (): Role | undefined => {
      const open = tokens.empty && environment.file === undefined
      const loopback = resolved.loopback ?? (open ? 'operate' : 'none')
      return loopback === 'none' ? undefined : loopback
    }
    const core = new Core({
      version: host.version,
      base: resolved.base,
      runId,
      tokens,
      journal,
      answers: resolved.answers,
      reflex: resolved.reflex,
      queues: resolved.queues,
      journals: new Map(resolved.tuners.map(({ name, journal }) => [name, journal])),
      sections: resolved.sections,
      hub: resolved.hub,
      loopbackRole,
      sources: (listener) => [
        ...resolved.tuners.map((one) => {
          const { points } = resolved
          return new LiveTuner(one, { points, listener, history: resolved.history(one.name), feed: feedOf(one, host) })
        }),
        ...resolved.sources.map((make) => make(listener)),
      ],
    })
    resolved.adding?.((make) => core.add(make))
    const handler = new Handler({
      core,
      tokens,
      loopbackRole,
      guard: { hosts: resolved.hosts, origins: resolved.origins },
      body: resolved.body,
      base: resolved.base,
      assets: resolved.assets ?? host.readPage?.() ?? DEFAULT_ASSETS,
      onError: (error) => host.warn(`homeostat server: ${error instanceof Error ? error.stack : String(error)}`),
    })
    return operations(host, core, handler, tokens, resolved.base, environment)
  }
}

/** Where a tuner's journal can be read; undefined where a sink of the application's own keeps it to itself. */
function feedOf({ name, journal }: AnyTuner, host: ServerHost): Feed | undefined {
  if (journal.kept !== undefined) return storeFeed(journal.kept.store, journal.kept.log)
  if (journal.path !== undefined) return host.feedOfFile?.(journal.path, name)
  return journal.read === undefined ? undefined : memoryFeed(name, () => journal.read?.() ?? new Uint8Array())
}

function operations(
  host: ServerHost,
  core: Core,
  handler: Handler,
  tokens: Tokens,
  base: string,
  { given, file }: TokenSources,
): Operations {
  let closing: Promise<void> | undefined
  const listening = new Set<Listening>()
  const node = (request: NodeRequest, response: NodeResponse): void => {
    answer(handler, request, response).catch(() => hangUp(request))
  }
  const take = (all: readonly TokenOptions[]): void => {
    const told = tokens.replace(all)
    core.hub.review()
    // Which token of a name it is can be told a moment later.
    void told.then(() => core.hub.review())
  }
  file?.follow((found) => take([...given, ...found]))
  const close = async (): Promise<void> => {
    closing ??= (async () => {
      file?.close()
      core.hub.close()
      await Promise.all([...listening].map((one) => one.close()))
      await core.close(CLOSE_MS)
    })()
    return closing
  }
  return {
    fetch: (request, connection) => handler.fetch(request, connection),
    node,
    express: () => express(handler, base),
    fastify: () => fastify(handler, base),
    hono: () => hono(handler, base),
    listen: async (options = {}) => {
      if (host.listen === undefined)
        throw new HomeostatError(
          'HOMEOSTAT_UNSUPPORTED',
          `listen() needs Node, Deno or Bun; on ${host.target} hand requests to fetch()`,
        )
      const { port, host: address } = options
      const ended = new AbortController()
      const own = (request: NodeRequest, response: NodeResponse): void => {
        answer(handler, request, response, { until: ended.signal }).catch(() => hangUp(request))
      }
      const one = await host.listen(own, { port, host: address, protected: !tokens.empty })
      listening.add(one)
      return {
        ...one,
        close: async () => {
          listening.delete(one)
          ended.abort()
          await one.close()
        },
      }
    },
    setTokens: (all) => {
      file?.close()
      take(all)
    },
    get openapi() {
      return core.namedDocument
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

interface TokenSources {
  readonly given: readonly TokenOptions[]
  readonly file: FollowedTokens | undefined
}

function environmentOf(host: ServerHost): TokenSources {
  const text = host.env('HOMEOSTAT_TOKENS')
  const path = host.env('HOMEOSTAT_TOKEN_FILE')
  return {
    given: text ? parseTokens('HOMEOSTAT_TOKENS', text) : [],
    file: path ? host.tokenFile?.(path) : undefined,
  }
}

function openFolder(host: ServerHost, folder: string): Promise<JournalSink> {
  if (host.openJournal === undefined)
    throw new HomeostatError('HOMEOSTAT_UNSUPPORTED', `journal: ${host.target} has no file system; give a sink`)
  return host.openJournal('operations', folder)
}
