/**
 * `homeostat serve`: journals of other processes behind `homeostat/server`.
 */
import { makeServer, type Operations } from '../../server/facade.js'
import { parseTokens, type TokenOptions } from '../../server/http/tokens.js'
import { type Feed, fileFeed, storeFeed } from '../../server/node/feed.js'
import { readTokenFile, serverNodeHost } from '../../server/node/host.js'
import { openJournals } from '../../server/node/journals.js'
import type { Storage } from '../../storage/contract.js'
import { usage } from '../exit.js'
import { journalsAt } from '../journal/files.js'

export interface Sources {
  /** A journal's file, the folder of its segments, or the URL of a store. */
  readonly source: string
  /** The tuner, or the log of a store, where there are several. */
  readonly name: string | undefined
}

export interface OpenOptions extends Sources {
  readonly control: string | undefined
  readonly hosts: readonly string[]
  readonly operations: string | undefined
  readonly points: number
  /** Undefined: those of the environment. */
  readonly tokens: readonly TokenOptions[] | undefined
}

export interface ServeOptions extends Omit<OpenOptions, 'tokens'> {
  readonly port: number
  readonly host: string
  readonly tokenFile: string | undefined
}

export interface Opened {
  readonly operating: Operations
  readonly tuners: readonly string[]
  close(): Promise<void>
}

export interface Served {
  readonly url: string
  readonly port: number
  readonly tuners: readonly string[]
  close(): Promise<void>
}

const STORE = /^(sqlite|postgres(ql)?|memory):/

/** A server that does not listen: requests are handed to it. */
export async function openServer(options: OpenOptions): Promise<Opened> {
  const { control, hosts, operations, points, tokens } = options
  const store = STORE.test(options.source) ? await openStore(options.source) : undefined
  let operating: Operations | undefined
  const close = async (): Promise<void> => {
    await operating?.close()
    await store?.close()
  }
  try {
    const feeds = store === undefined ? feedsAt(options) : await feedsOf(store, options)
    const found = await openJournals({ feeds, points, controlFile: control })
    operating = await makeServer(serverNodeHost('node'))({
      sources: found.sources,
      hosts,
      points,
      ...(operations !== undefined && { journal: operations }),
      ...(tokens !== undefined && { tokens }),
    })
    await found.begin()
    return { operating, tuners: found.names, close }
  } catch (error) {
    await close()
    throw error
  }
}

export async function serveJournals({ tokenFile, host, port, ...options }: ServeOptions): Promise<Served> {
  const { warn } = serverNodeHost('node')
  const tokens = tokenFile === undefined ? undefined : parseTokens(tokenFile, readTokenFile(tokenFile, warn))
  const { operating, tuners, close } = await openServer({ ...options, tokens })
  try {
    const { url, port: given } = await operating.listen({ host, port })
    return { url, port: given, tuners, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** The package's own stores, which the command line does without as long as nobody asks for one. */
async function openStore(url: string): Promise<Storage> {
  const { openStorage } = await import('homeostat/storage')
  return openStorage(url) as Promise<Storage>
}

function feedsAt({ source, name }: Sources): Feed[] {
  return journalsAt(source, name).map(({ title, startFile }) => {
    const files = (): readonly string[] => journalsAt(source, name).find((one) => one.title === title)?.files ?? []
    return fileFeed({ title, files, startFile })
  })
}

async function feedsOf(store: Storage, { name }: Sources): Promise<Feed[]> {
  const logs = (await store.journals.list()).map((log) => log.name)
  if (name !== undefined && !logs.includes(name))
    throw usage(`the store has no journal ${name}, only ${logs.join(', ') || 'none'}`)
  return logs.filter((log) => name === undefined || log === name).map((log) => storeFeed(store, log))
}
