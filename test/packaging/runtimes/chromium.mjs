import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { findChromium } from './find.mjs'

const TYPES = { '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm', '.html': 'text/html' }
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]
const LIMIT_MS = 60_000

/** No bundler: the browser loads the package's own files, as an import map on a static server would have it. */
const PAGE = `<!doctype html><title>consumer</title>
<script type="importmap">{ "imports": {
  "homeostat": "/node_modules/homeostat/dist/esm/browser.js",
  "homeostat/solver": "/node_modules/homeostat/dist/esm/solver-browser.js",
  "homeostat/resilience": "/node_modules/homeostat/dist/esm/resilience-browser.js",
  "homeostat/flow": "/node_modules/homeostat/dist/esm/flow-browser.js",
  "homeostat/forge": "/node_modules/homeostat/dist/esm/forge-browser.js"
} }</script>
<script type="module" src="/page.mjs"></script>`

function serve(folder) {
  const server = createServer(async (request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, 'http://localhost').pathname))
    if (path === '/' || path === '\\') return response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE)
    try {
      const body = await readFile(join(folder, path))
      response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' }).end(body)
    } catch {
      response.writeHead(404).end()
    }
  })
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
}

export async function runChromium(folder) {
  const executablePath = findChromium()
  const { chromium } = await import('playwright-core')
  const server = await serve(folder)
  const browser = await chromium.launch({ executablePath, args: FLAGS, timeout: LIMIT_MS })
  try {
    const page = await browser.newPage()
    const problems = []
    page.on('pageerror', (error) => problems.push(error.message))
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
    await page.goto(`http://127.0.0.1:${server.address().port}/`)
    const outcome = await page
      .waitForFunction(() => globalThis.outcome, undefined, { timeout: LIMIT_MS })
      .then((handle) => handle.jsonValue())
      .catch((error) => ({ error: error.message }))
    if (!outcome.value) throw new Error([outcome.error, ...problems].filter(Boolean).join(' | ').slice(0, 600))
    return { ...outcome.value, version: browser.version() }
  } finally {
    await browser.close()
    server.close()
  }
}
