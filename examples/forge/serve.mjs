// Serves this folder, and the package it is an example of under /package: `node examples/forge/serve.mjs [port]`.
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const root = fileURLToPath(new URL('../../', import.meta.url))
const TYPES = {
  '.html': 'text/html',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
}

/** @param folders paths that are served from elsewhere, before all others */
export function serve(port = 0, folders = {}) {
  const places = { '/package/dist/': join(root, 'dist'), ...folders, '/': here }
  const server = createServer(async (request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, 'http://localhost').pathname)).replaceAll('\\', '/')
    const [prefix, folder] = Object.entries(places).find(([start]) => path.startsWith(start))
    const file = join(folder, path.slice(prefix.length) || 'index.html')
    try {
      const body = await readFile(file)
      const type = TYPES[extname(file)] ?? 'application/octet-stream'
      response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' }).end(body)
    } catch {
      response.writeHead(404).end()
    }
  })
  return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(server)))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = await serve(Number(process.argv[2] ?? 8080))
  process.stdout.write(`http://localhost:${server.address().port}/\n`)
}
