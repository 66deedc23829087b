import type { ServerOptions } from 'homeostat/server'
import type { Comparison } from './comparison.js'

export interface Page {
  readonly url: string
  close(): Promise<void>
}

/**
 * The package's own dashboard, within the process whose tuner it shows and commands. It stays when the tuner has ended: what was
 * decided can be read until the process ends.
 */
export async function servePage(
  tuners: NonNullable<ServerOptions['tuners']>,
  comparison: Comparison,
  port: number,
): Promise<Page> {
  const { server } = await import('homeostat/server')
  const operations = await server({ tuners, sections: { comparison: () => comparison.panel } })
  try {
    const { url } = await operations.listen({ port })
    return { url, close: () => operations.close() }
  } catch (error) {
    await operations.close()
    const taken = (error as { option?: string }).option === 'port'
    throw taken ? new Error(`--port ${port} is taken by another program; 0 chooses a free one`) : error
  }
}
