/**
 * `homeostat serve`: journals of other processes behind `homeostat/server`.
 */
import { invalid } from '../../errors.js'
import { makeServer, type Operations } from '../../server/facade.js'
import type { TokenOptions } from '../../server/http/tokens.js'
import type { Feed } from '../../server/journal/feed.js'
import { storeFeed } from '../../server/journal/store-feed.js'
import { fileFeed } from '../../server/node/file-feed.js'
import { serverNodeHost } from '../../server/node/host.js'
import { Journals, type JournalsOptions } from '../../server/node/journals.js'
import { TokenFile } from '../../server/node/token-file.js'
import type { Storage } from '../../storage/contract.js'
import { usage } from '../exit.js'
import { journalsAt, journalsNow } from '../journal/files.js'

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
  /** Where there is no journal of a tuner yet, it is waited for one instead of failing. */
  readonly wait?: boolean
}

export interface ServeOptions extends Omit<OpenOptions, 'tokens' | 'wait'> {
  readonly port: number
  readonly host: string
  readonly tokenFile: string | undefined
}

export interface Opened {
  readonly operating: Operations
  /** Those that are there by now. */
  readonly tuners: readonly string[]
  close(): Promise<void>
}

export interface Served {
  readonly url: string
  readonly port: number
  /** Those that are there by now. */
  readonly tuners: readonly string[]
  close(): Promise<void>
}

const STORE = /^(sqlite|postgres(ql)?|memory):/

/** A server that does not listen: requests are handed to it. */
export async function openServer(options: OpenOptions): Promise<Opened> {
  const { source, name, control, hosts, operations, points, tokens, wait = false } = options
  const store = STORE.test(source) ? await openStore(source) : undefined
  let operating: Operations | undefined
  let journals: Journals | undefined
  const close = async (): Promise<void> => {
    journals?.close()
    await operating?.close()
    await store?.close()
  }
  try {
    // What is wrong from the beginning is said before anything is served.
    if (!wait && store === undefined) journalsAt(source, name)
    if (!wait && store !== undefined) await checkLog(store, name)
    let add: JournalsOptions['add'] = () => false
    operating = await makeServer(serverNodeHost('node'))({
      hosts,
      points,
      adding: (given) => {
        add = given
      },
      ...(operations !== undefined && { journal: operations }),
      ...(tokens !== undefined && { tokens }),
    })
    const find = store === undefined ? () => feedsAt(options) : () => feedsOf(store, options)
    const found = new Journals({ find, points, controlFile: control, add: (make) => add(make) })
    journals = found
    await found.begin()
    if (found.names.length === 0 && !wait) {
      const range = 'a journal of a tuner, with the first entry of a run or the file that keeps it'
      throw invalid('journal', range, source)
    }
    return {
      operating,
      get tuners() {
        return found.names
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Waits for the first journal where there is none, and takes changes of the tokens' file. */
export async function serveJournals({ tokenFile, host, port, ...options }: ServeOptions): Promise<Served> {
  const { warn } = serverNodeHost('node')
  const file = tokenFile === undefined ? undefined : new TokenFile(tokenFile, warn)
  const opened = await openServer({ ...options, tokens: file?.read(), wait: true })
  const close = async (): Promise<void> => {
    file?.close()
    await opened.close()
  }
  try {
    file?.follow((tokens) => opened.operating.setTokens(tokens))
    if (opened.tuners.length === 0) warn(`homeostat serve: no journal of a tuner at ${shown(options.source)} yet`)
    const { url, port: given } = await opened.operating.listen({ host, port })
    return {
      url,
      port: given,
      get tuners() {
        return opened.tuners
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Without what a URL says of who asks. */
const shown = (source: string): string => source.replace(/\/\/[^@/]*@/, '//')

/** The package's own stores, which the command line does without as long as nobody asks for one. */
async function openStore(url: string): Promise<Storage> {
  const { openStorage } = await import('homeostat/storage')
  return openStorage(url) as Promise<Storage>
}

async function feedsAt({ source, name }: Sources): Promise<Feed[]> {
  return (await journalsNow(source, name)).map(({ title, startFile }) => {
    const files = async (): Promise<readonly string[]> =>
      (await journalsNow(source, title)).find((one) => one.title === title)?.files ?? []
    return fileFeed({ title, files, startFile })
  })
}

async function feedsOf(store: Storage, { name }: Sources): Promise<Feed[]> {
  const logs = (await store.journals.list()).map((log) => log.name)
  return logs.filter((log) => name === undefined || log === name).map((log) => storeFeed(store, log))
}

async function checkLog(store: Storage, name: string | undefined): Promise<void> {
  const logs = (await store.journals.list()).map((log) => log.name)
  if (name !== undefined && !logs.includes(name))
    throw usage(`the store has no journal ${name}, only ${logs.join(', ') || 'none'}`)
}
