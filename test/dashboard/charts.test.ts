/** Charts over a long time: nothing is left of those that were shown, a question that failed is asked again, and runs before are there. */
import type { Page } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import { serveJournals } from '../../ts/cli/serve/serve.js'
import { folder } from '../support/folder.js'
import { cacheTuner, window } from '../support/tuners.js'
import { barePage, inBrowser, open } from './support/page.js'

const SWITCHES = 6

/** How many objects of a kind there are, after what nobody holds is gone. */
async function alive(page: Page, kind: string): Promise<number> {
  const session = await page.context().newCDPSession(page)
  try {
    const { result } = await session.send('Runtime.evaluate', { expression: `${kind}.prototype` })
    const { objects } = await session.send('Runtime.queryObjects', { prototypeObjectId: result.objectId as string })
    const { result: count } = await session.send('Runtime.callFunctionOn', {
      objectId: objects.objectId as string,
      functionDeclaration: 'function () { return this.length }',
      returnByValue: true,
    })
    await session.send('Runtime.releaseObject', { objectId: objects.objectId as string })
    return count.value
  } finally {
    await session.detach()
  }
}

inBrowser('charts', () => {
  test('whoever goes from tuner to tuner leaves no charts behind', async () => {
    const { page, complaints } = await open({ others: 1 })
    const chooser = page.getByLabel('Tuner', { exact: true })
    const show = async (name: string, knobs: number): Promise<void> => {
      await chooser.selectOption(name)
      await expect.poll(() => page.locator('article.knob').count()).toBe(knobs)
    }
    await show('orders', 1)
    await show('catalog', 4)
    const kinds = ['HTMLCanvasElement', 'ResizeObserver', 'IntersectionObserver']
    const before = await Promise.all(kinds.map((kind) => alive(page, kind)))
    expect(Math.min(...before)).toBeGreaterThanOrEqual(5)
    for (let i = 0; i < SWITCHES; i++) {
      await show('orders', 1)
      await show('catalog', 4)
    }
    // What a frame still holds may be gone a moment later.
    for (const [i, kind] of kinds.entries())
      await expect.poll(() => alive(page, kind), { message: kind }).toBeLessThanOrEqual(before[i] as number)
    expect(complaints).toEqual([])
  })

  test('a chart whose question failed says so, and asks again by itself', async () => {
    const { page } = await open()
    let failing = true
    await page.route('**/history?*', (route) =>
      failing ? route.fulfill({ status: 503, body: 'no' }) : route.continue(),
    )
    await page.reload()
    const chart = page.locator('figure.chart').first()
    await chart.getByText('History: Service Unavailable').waitFor()
    failing = false
    await expect.poll(() => chart.locator('.chart-note').textContent()).toBe('')
    await chart.locator('canvas').focus()
    await page.keyboard.press('End')
    await expect.poll(() => chart.locator('.readout').textContent()).toMatch(/95 % confidence/)
  })

  test('decisions are there, however many probes came since', async () => {
    const { page, url } = await open({ windows: 800, view: 'changes' })
    const changes = async (query: string): Promise<{ kind: string | null; atMs: number }[]> =>
      (await (await fetch(`${url}api/v1/tuners/catalog/changes?${query}`)).json()).changes
    // An answer waits for what was before the server for a while only.
    await expect.poll(async () => (await changes('limit=1&type=started')).length).toBe(1)
    const decided = await changes('limit=1000&probes=false')
    const among = (await changes('limit=200')).filter(({ kind }) => kind !== 'probe')
    expect(decided.length).toBeGreaterThan(among.length)
    const items = page.locator('.changes > li')
    await expect.poll(() => items.count()).toBe(decided.length)
    // With the probes in between, page by page.
    await page.getByRole('button', { name: 'all', exact: true }).click()
    const newest = (await changes('limit=1000')).map(({ atMs }) => new Date(atMs).toISOString())
    const shown = () => items.locator('time').evaluateAll((all) => all.map((one) => one.getAttribute('datetime')))
    const whole = async (): Promise<number> => {
      const times = await shown()
      return times.every((one, i) => one === newest[i]) ? times.length : 0
    }
    await expect.poll(whole).toBeGreaterThan(150)
    await page.getByRole('button', { name: 'Older' }).click()
    await expect.poll(whole).toBeGreaterThan(250)
  })

  test('changes of earlier runs stand below the present one’s, and it is said where a run begins', async () => {
    const path = folder()
    for (let run = 0; run < 3; run++) {
      const { tuner, clock } = await cacheTuner({ journal: path, runId: `run-${run}` })
      for (let i = 0; i < 3; i++) window(tuner, clock)
      tuner.freeze('ttl')
      await tuner.close()
    }
    const one = await serveJournals({
      ...{ source: path, name: undefined, port: 0, host: '127.0.0.1', control: undefined, tokenFile: undefined },
      ...{ hosts: [], operations: undefined, points: 4096 },
    })
    onTestFinished(() => one.close())
    const page = await barePage()
    // Of two a page, as if there were many.
    await page.route(/changes\?limit=(?:200|1000&probes=false)$/, (route) =>
      route.continue({
        url: route
          .request()
          .url()
          .replace(/limit=\d+/, 'limit=1'),
      }),
    )
    await page.goto(`${one.url}#/changes`)
    await page.locator('.change').first().waitFor()
    const runs = page.locator('.changes .run')
    await page.getByRole('button', { name: 'Older' }).click()
    await expect.poll(() => runs.allTextContents()).toEqual(['An earlier run, run-1', 'An earlier run, run-0'])
    await expect.poll(() => page.getByRole('button', { name: 'Older' }).isVisible()).toBe(false)
    const last = page.locator('.changes > li').last().locator('summary')
    await last.click()
    await page.locator('.changes > li').last().getByText('run-0', { exact: true }).first().waitFor()
  })
})
