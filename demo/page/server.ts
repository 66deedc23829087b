import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Live, LiveSecond } from '../live.js'
import { scenario } from '../scenario.js'
import { LINGER_BOUNDS_MS } from '../service/settings.js'
import { PAGE } from './html.js'

/** More readers than this get an answer that says so. */
const MOST_READERS = 16

export interface PageServer {
  readonly url: string
  close(): Promise<void>
}

/** Serves the live page and its events on loopback. */
export function servePage(live: Live, port: number): Promise<PageServer> {
  const readers = new Set<ServerResponse>()
  const send = (reader: ServerResponse, event: string, data: unknown): void => {
    reader.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
  }
  let sentChanges = 0
  const stop = live.listen((second) => {
    const changes = live.changes.slice(sentChanges)
    sentChanges = live.changes.length
    for (const reader of readers) {
      if (second) send(reader, 'second', brief(second))
      if (changes.length > 0) send(reader, 'changes', changes)
      if (live.finished) send(reader, 'finished', {})
    }
  })
  const server = createServer((request, response) => {
    if (request.url === '/') {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': POLICY })
      response.end(PAGE)
    } else if (request.url === '/events' && readers.size < MOST_READERS) {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      readers.add(response)
      response.on('close', () => readers.delete(response))
      send(response, 'start', start(live))
    } else {
      response.writeHead(request.url === '/events' ? 503 : 404, { 'content-type': 'text/plain' })
      response.end(request.url === '/events' ? `at most ${MOST_READERS} readers` : 'not found')
    }
  })
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE'
      reject(taken ? new Error(`--port ${port} is taken by another program; 0 chooses a free one`) : error)
    })
    server.listen(port, '127.0.0.1', () => {
      resolve({
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
        close: () =>
          new Promise((closed) => {
            stop()
            server.close(() => closed())
            server.closeAllConnections()
          }),
      })
    })
  })
}

const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:"

function start(live: Live) {
  return {
    length: live.length,
    seed: live.seed,
    finished: live.finished,
    phases: live.phases.map(({ name, fromMs, toMs }) => ({ name, from: fromMs / 1000, to: toMs / 1000 })),
    ttl: { ...scenario.bounds.ttlMs, fixed: scenario.static.ttlMs },
    linger: { ...LINGER_BOUNDS_MS, fixed: 0 },
    seconds: live.seconds.map(brief),
    changes: live.changes,
  }
}

function brief({ index, static: fixed, tuned, ttlMs, lingerMs }: LiveSecond) {
  const of = ({ cost, missRate, staleRate, errorRate, p99Ms }: typeof fixed) => ({
    cost,
    missRate,
    staleRate,
    errorRate,
    p99Ms,
  })
  return { index, static: of(fixed), tuned: of(tuned), ttlMs, lingerMs }
}
