// A page in Chromium with WebGPU, on whatever adapter there is; a software one does.
import { fileURLToPath } from 'node:url'
import { serve } from '../../../examples/forge/serve.mjs'
import { Skip } from '../lib/checks.mjs'
import { findChromium } from './find.mjs'

/** `--enable-unsafe-webgpu` lets Linux have WebGPU at all; without the block list a software adapter counts. */
const FLAGS = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--ignore-gpu-blocklist',
  '--enable-features=Vulkan',
  '--no-first-run',
]

const TELL_MS = 5000

/** Opens a page, waits for `globalThis.result`, and gives its value. @param tell gets `globalThis.stage` now and then */
export async function resultOf(url, limitMs = 300_000, tell = undefined) {
  const executablePath = findChromium()
  const { chromium } = await import('playwright-core')
  const browser = await chromium.launch({ executablePath, args: FLAGS })
  let telling
  try {
    const page = await browser.newPage()
    const stage = () => page.evaluate(() => globalThis.stage)
    if (tell) telling = setInterval(() => void stage().then(tell, () => undefined), TELL_MS)
    const problems = []
    page.on('pageerror', (error) => problems.push(error.message))
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
    await page.goto(url)
    const handle = await page
      .waitForFunction(() => globalThis.result, undefined, { timeout: limitMs })
      .catch(async (error) => {
        throw new Error(
          [error.message, `at ${(await stage()) ?? 'a stage without a name'}`, ...problems].join(' | ').slice(0, 800),
        )
      })
    const { value, error } = await handle.jsonValue()
    if (value === undefined) throw new Error([error, ...problems].join(' | ').slice(0, 800))
    return { ...value, version: browser.version() }
  } finally {
    clearInterval(telling)
    await browser.close()
  }
}

/** The correctness suite's page, whole or a sample of it: what it found. @param query as its page takes it */
export async function runForgeSuite(suite, query, { limitMs = undefined, tell = undefined } = {}) {
  const server = await serve(0, { '/suite/': suite })
  try {
    const found = await resultOf(`http://127.0.0.1:${server.address().port}/suite/?${query}`, limitMs, tell)
    if (found.adapter === undefined) throw new Skip('Chromium has no WebGPU adapter here')
    return found
  } finally {
    server.close()
  }
}

/** The example's page over the package as it is installed in a folder, or as it is built here: what it found. */
export async function runForgePage(folder, { size = 128, evaluations = 3, idleMs = 0 } = {}) {
  const server = await serve(0, folder && { '/package/dist/': `${folder}/node_modules/homeostat/dist` })
  try {
    const query = `size=${size}&evaluations=${evaluations}&idle=${idleMs}`
    const found = await resultOf(`http://127.0.0.1:${server.address().port}/?${query}`)
    if (found.adapter === undefined) throw new Skip('Chromium has no WebGPU adapter here')
    return found
  } finally {
    server.close()
  }
}

/** A page that loses its device and comes back to what it learned, over the package as it is installed in a folder: what it found. */
export async function runForgeLives(folder) {
  const here = fileURLToPath(new URL('forge-lives', import.meta.url))
  const server = await serve(0, { '/package/dist/': `${folder}/node_modules/homeostat/dist`, '/lives/': here })
  try {
    const found = await resultOf(`http://127.0.0.1:${server.address().port}/lives/`)
    if (found.adapter === undefined) throw new Skip('Chromium has no WebGPU adapter here')
    return found
  } finally {
    server.close()
  }
}
