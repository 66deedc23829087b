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

/** Opens a page, waits for `globalThis.result`, and gives its value. */
export async function resultOf(url, limitMs = 300_000) {
  const executablePath = findChromium()
  const { chromium } = await import('playwright-core')
  const browser = await chromium.launch({ executablePath, args: FLAGS })
  try {
    const page = await browser.newPage()
    const problems = []
    page.on('pageerror', (error) => problems.push(error.message))
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
    await page.goto(url)
    const handle = await page
      .waitForFunction(() => globalThis.result, undefined, { timeout: limitMs })
      .catch(async (error) => {
        const stage = await page.evaluate(() => globalThis.stage)
        throw new Error(
          [error.message, `at ${stage ?? 'a stage without a name'}`, ...problems].join(' | ').slice(0, 800),
        )
      })
    const { value, error } = await handle.jsonValue()
    if (value === undefined) throw new Error([error, ...problems].join(' | ').slice(0, 800))
    return { ...value, version: browser.version() }
  } finally {
    await browser.close()
  }
}

/** The example's page over the package as it is installed in a folder: what it found. */
export async function runForgePage(folder) {
  const server = await serve(0, { '/package/dist/': `${folder}/node_modules/homeostat/dist` })
  try {
    const found = await resultOf(`http://127.0.0.1:${server.address().port}/?size=128&evaluations=3`)
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
