/**
 * The server's host for runtimes without Node's modules: requests are handed to `fetch()`.
 */

import { VERSION } from '../version.js'
import type { ServerHost } from './facade.js'

export function serverWebHost(target: 'browser' | 'workerd' | 'edge-light'): ServerHost {
  return {
    target,
    version: VERSION,
    env: () => undefined,
    warn: (line) => console.warn(line),
    randomId: () => crypto.randomUUID(),
  }
}
