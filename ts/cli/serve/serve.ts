/**
 * `homeostat serve`: journals of other processes behind `homeostat/server`.
 */
import { makeServer } from '../../server/facade.js'
import { parseTokens } from '../../server/http/tokens.js'
import { readTokenFile, serverNodeHost } from '../../server/node/host.js'
import { openJournals } from '../../server/node/journals.js'
import type { JournalFiles } from '../journal/files.js'

export interface ServeOptions {
  journals(): readonly JournalFiles[]
  readonly port: number
  readonly host: string
  readonly control: string | undefined
  readonly tokenFile: string | undefined
  readonly hosts: readonly string[]
  readonly operations: string | undefined
  readonly points: number
}

export interface Served {
  readonly url: string
  readonly port: number
  readonly tuners: readonly string[]
  close(): Promise<void>
}

export async function serveJournals(options: ServeOptions): Promise<Served> {
  const { control, tokenFile, hosts, operations, points, host, port } = options
  const found = openJournals({ journals: options.journals, points, controlFile: control })
  const node = serverNodeHost('node')
  const operating = await makeServer(node)({
    sources: found.sources,
    hosts,
    points,
    ...(operations !== undefined && { journal: operations }),
    ...(tokenFile !== undefined && { tokens: parseTokens(tokenFile, readTokenFile(tokenFile, node.warn)) }),
  })
  try {
    const { url, port: given } = await operating.listen({ host, port })
    return { url, port: given, tuners: found.names, close: () => operating.close() }
  } catch (error) {
    await operating.close()
    throw error
  }
}
