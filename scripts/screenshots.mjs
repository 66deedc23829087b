// Makes the pictures of the dashboard that the README and docs/dashboard.md show, from the built package and a service that is the
// same every time. Only times of the day differ between two runs.
import { mkdirSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { build, DEMO_PARTS } from './lib/build/index.mjs'
import { main, StepError } from './lib/errors.mjs'
import { at } from './lib/paths.mjs'
import { say } from './lib/progress.mjs'
import { setup } from './lib/setup.mjs'
import { setupBrowser } from './lib/setup-browser.mjs'
import { withLock } from './lib/stamps.mjs'

const WINDOWS = 2400
const SHOTS = [
  { file: 'dashboard-tuners', view: 'tuners', width: 1280, height: 420, colorScheme: 'light', others: 4 },
  { file: 'dashboard-tuning', view: 'tuning', width: 1280, height: 1060, colorScheme: 'light' },
  { file: 'dashboard-tuning-dark', view: 'tuning', width: 1280, height: 1060, colorScheme: 'dark' },
  {
    file: 'dashboard-changes',
    view: 'changes',
    width: 1280,
    height: 640,
    colorScheme: 'light',
    open: '.change:has(.chip.move) > summary',
  },
  { file: 'dashboard-breakers', view: 'breakers', width: 1280, height: 800, colorScheme: 'dark' },
  {
    file: 'dashboard-cascades',
    view: 'cascades',
    width: 1280,
    height: 680,
    colorScheme: 'light',
    open: '.witness > summary',
  },
  { file: 'dashboard-narrow', view: 'tuning', width: 360, height: 740, colorScheme: 'light' },
]

/** Until no chart that can be seen says that it is loading. */
const drawn = (page) =>
  page.waitForFunction(() =>
    [...document.querySelectorAll('.chart-note')].every(({ textContent }) => textContent === ''),
  )

await main(async () => {
  await withLock(async () => build({ ...(await setup()), only: DEMO_PARTS }))
  await setupBrowser()
  const from = (...path) => import(pathToFileURL(at(...path)).href)
  const { chromiumPath, launch } = await from('test', 'dashboard', 'support', 'browser.mjs')
  if (chromiumPath === undefined)
    throw new StepError('there is no Chromium', { remedy: 'install one, or name it in CHROMIUM' })
  const { showcase } = await from('test', 'dashboard', 'support', 'showcase.mjs')
  const names = ['node', 'resilience-node', 'flow-node', 'server-node', 'testing']
  const parts = Object.assign({}, ...(await Promise.all(names.map((name) => from('dist', 'esm', `${name}.js`)))))
  const browser = await launch()
  const shows = new Map()
  /** The address of a service with so many tuners beside the first. */
  const served = async (others) => {
    if (!shows.has(others)) {
      const show = await showcase(parts, { windows: WINDOWS, others })
      shows.set(others, { show, url: (await show.operations.listen({ port: 0 })).url })
    }
    return shows.get(others).url
  }
  try {
    mkdirSync(at('docs', 'pictures'), { recursive: true })
    for (const { file, view, width, height, colorScheme, open, others = 0 } of SHOTS) {
      const url = await served(others)
      const page = await browser.newPage({ viewport: { width, height }, colorScheme, locale: 'en-GB' })
      await page.goto(`${url}#/${view}`)
      await page.locator(`nav a[href="#/${view}"][aria-current="page"]`).waitFor()
      if (open) await page.locator(open).first().click()
      if (view === 'tuning') await drawn(page)
      if (view === 'tuners') await page.locator('.spark path').nth(others).waitFor()
      await page.mouse.move(0, 0)
      await page.waitForTimeout(500)
      await page.screenshot({ path: at('docs', 'pictures', `${file}.png`) })
      await page.close()
      say(`docs/pictures/${file}.png`)
    }
  } finally {
    await browser.close()
    for (const { show } of shows.values()) await show.close()
  }
})
