/**
 * A million points, first paint, weight, and nothing from anywhere else. A test run holds the page to what can be counted, whatever else runs;
 * `npm run bench -- dashboard` holds it to the clock, on a machine that does nothing else.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { Table } from '../../ts/server/history/table.js'
import { emptyPage } from './support/bare.js'
import { chromiumPath } from './support/browser.mjs'
import { inBrowser, open } from './support/page.js'

const CLOCK = process.env.HOMEOSTAT_DASHBOARD_CLOCK !== undefined
const POINTS = 2 ** 20
const ROUNDS = CLOCK ? 3 : 1
/** Rows that an answer may have, however many there are, and bytes of it. */
const ROWS_MAX = 4096
const BYTES_MAX = 1_000_000
const STEPS = 20
const MOVES = ROUNDS * 2 * STEPS
const LOADS = CLOCK ? 21 : 1

const median = (all: number[]): number => all.sort((a, b) => a - b)[all.length >> 1] as number

/** Loads a page into a tab that has come to rest: what ends the page before is not its cost. @returns when it was painted first */
async function firstPaint(page: Page, url: string): Promise<number> {
  await page.goto('about:blank')
  if (CLOCK) await page.waitForTimeout(300)
  await page.goto(url)
  return page.evaluate(async () => {
    const paints = () => performance.getEntriesByName('first-contentful-paint')
    while (paints().length === 0) await new Promise((resolve) => requestAnimationFrame(resolve))
    return (paints()[0] as PerformanceEntry).startTime
  })
}

/** When the page knew the first state of things: from then on it asks for what there is to draw. */
const known = (page: Page): Promise<number> =>
  page.evaluate(
    () =>
      performance.getEntriesByType('resource').find(({ name }) => name.endsWith('/series'))?.startTime ?? Number.NaN,
  )

/** Scripts and styles within a page, as a policy names them. */
const within = (html: string): string[] =>
  [...html.matchAll(/<(script|style)>(.*?)<\/\1>/gs)].map(
    ([, , text = '']) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`,
  )

/** Milliseconds that the page's main thread has computed. */
async function computed(page: Page): Promise<() => Promise<number>> {
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  return async () => {
    const { metrics } = await session.send('Performance.getMetrics')
    return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN)
  }
}

// Nothing measured is nothing met.
if (CLOCK)
  test('there is a browser to measure in', () => {
    expect(chromiumPath).toBeDefined()
  })

test('everything that is loaded is below 150 kB compressed', () => {
  const folder = fileURLToPath(new URL('../../out/dashboard/', import.meta.url))
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())
  const bytes = files.map(({ parentPath, name }) => gzipSync(readFileSync(`${parentPath}/${name}`)).length)
  expect(files).toHaveLength(2)
  const all = bytes.reduce((sum, one) => sum + one, 0)
  expect(all).toBeLessThan(150_000)
  const documented = /(\d+) kB compressed/.exec(readFileSync('docs/dashboard.md', 'utf8'))?.[1]
  expect(Math.abs(Number(documented) * 1000 - all), `docs/dashboard.md says ${documented} kB`).toBeLessThan(2000)
})

inBrowser('in a browser', () => {
  test('of a million points no more is asked for than a screen shows', {
    timeout: 120_000,
  }, async () => {
    const table = new Table(POINTS)
    const start = Date.now() - POINTS * 1000
    const row: Record<string, number> = {}
    for (let i = 0; i < POINTS; i++) {
      row.objective = 5 + Math.sin(i / 5000) + (i % 97) / 97
      for (const name of ['ttl', 'concurrency']) {
        row[`knob.${name}`] = 40 + 10 * Math.sin(i / 9000)
        row[`baseline.${name}`] = 40 + 10 * Math.sin(i / 9000)
      }
      table.push(start + i * 1000, row)
    }
    const { page, complaints, asked, url } = await open({ options: { history: () => table } })
    const answers: Promise<string>[] = []
    page.on('response', (answer) => {
      // One that a newer question has replaced has no body any more.
      if (answer.url().includes('/history')) answers.push(answer.text().catch(() => '{"atMs":[]}'))
    })
    const readout = page.locator('.readout').first()
    const canvas = page.locator('canvas').first()
    type Box = { x: number; y: number; width: number; height: number }
    // What is read is what is under the pointer; while the page is built the chart is elsewhere, or another one.
    const pointed = async (): Promise<string | null> => {
      const { x, y, width } = (await canvas.boundingBox()) as Box
      await page.mouse.move(x + width / 2 + Math.random(), y + 60)
      return readout.textContent()
    }
    await expect.poll(pointed).toMatch(/95 % confidence/)
    const box = (await canvas.boundingBox()) as Box
    const worst = async (): Promise<number> => {
      await page.evaluate(() => {
        const tasks: number[] = []
        Object.assign(window, { tasks })
        new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({
          entryTypes: ['longtask'],
        })
      })
      for (let round = 0; round < ROUNDS; round++) {
        for (let i = 0; i < 3; i++) await page.keyboard.press('+')
        await page.mouse.move(box.x + box.width - 40, box.y + 60)
        await page.mouse.down()
        for (let i = 1; i <= STEPS; i++) await page.mouse.move(box.x + box.width - 40 - i * 25, box.y + 60)
        for (let i = STEPS - 1; i >= 0; i--) await page.mouse.move(box.x + box.width - 40 - i * 25, box.y + 60)
        await page.mouse.up()
        await page.waitForTimeout(150)
        await page.keyboard.press('-')
      }
      return page.evaluate(() => Math.max(0, ...(window as unknown as { tasks: number[] }).tasks))
    }
    const taken = await computed(page)
    const before = await taken()
    const longest = await worst()
    const perMove = ((await taken()) - before) / MOVES
    await expect.poll(() => answers.length).toBeGreaterThan(0)
    for (const text of await Promise.all(answers)) {
      expect(JSON.parse(text).atMs.length).toBeLessThanOrEqual(ROWS_MAX)
      expect(text.length).toBeLessThan(BYTES_MAX)
    }
    expect((await (await fetch(`${url}api/v1/tuners/catalog/series`)).json()).points).toBe(POINTS)
    if (CLOCK) {
      expect(perMove).toBeLessThanOrEqual(50)
      process.stdout.write(
        `panning ${POINTS} points: longest task ${longest} ms (0: none over 50), ${perMove.toFixed(1)} ms a move\n`,
      )
      expect(longest).toBeLessThanOrEqual(50)
    }
    await expect.poll(pointed).toMatch(/95 % confidence/)
    // What was asked for is enough: a page at rest asks for nothing more.
    const questions = (): number => asked.filter((url) => url.includes('/history')).length
    await expect
      .poll(async () => {
        const soFar = questions()
        await page.waitForTimeout(500)
        return questions() - soFar
      })
      .toBe(0)
    expect(complaints).toEqual([])
  })

  test('paints at once, with nothing from anywhere else and nothing within it but what its policy names', {
    timeout: 120_000,
  }, async () => {
    const { page, url, asked, complaints } = await open({ windows: 20 })
    const html = await (await fetch(url)).text()
    const policy = (await fetch(url)).headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toContain('unsafe')
    expect(within(html)).toHaveLength(2)
    for (const hash of within(html)) expect(policy).toContain(hash)
    // Until its frame is painted nothing is asked for but the page itself.
    expect(html.match(/<(?:link|script|img)[^>]+(?:src|href)="(?!data:)/)).toBeNull()
    const taken = await computed(page)
    const work: number[] = []
    const times = { page: [] as number[], state: [] as number[], empty: [] as number[] }
    const empty = await emptyPage(policy)
    for (let i = 0; i < LOADS; i++) {
      if (CLOCK) times.empty.push(await firstPaint(page, empty))
      const before = await taken()
      times.page.push(await firstPaint(page, url))
      await page.locator('.figures').waitFor()
      work.push((await taken()) - before)
      times.state.push(await known(page))
    }
    if (CLOCK) {
      const [painted, state, bare] = [times.page, times.state, times.empty].map((all) => median(all).toFixed(0))
      process.stdout.write(
        `first paint: ${painted} ms, median of ${LOADS} loads; an empty page in the same browser: ${bare} ms; the state is known after ${state} ms; ${median(work).toFixed(0)} ms of work\n`,
      )
      expect(median(times.page)).toBeLessThan(100)
      expect(median(work)).toBeLessThan(250)
    }
    const own = [url, empty, 'data:', 'about:blank']
    expect(asked.filter((one) => !own.some((start) => one.startsWith(start)))).toEqual([])
    expect(complaints).toEqual([])
  })
})
