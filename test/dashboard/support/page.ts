/** A page over a real server, and what it complained about. One browser for the tests of a file. */

import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, onTestFinished } from 'vitest'
import { chromiumPath, launch } from './browser.mjs'
import { parts } from './parts.js'
import { showcase } from './showcase.mjs'

export interface Opened {
  readonly page: Page
  readonly url: string
  readonly show: Awaited<ReturnType<typeof showcase>>
  /** Errors and refusals that nobody expected; empty where all is well. */
  readonly complaints: string[]
  /** Every address that was asked for. */
  readonly asked: string[]
  /** Lets the service go on for so many windows. */
  play(windows: number): void
}

export interface Wanted {
  readonly windows?: number
  readonly options?: object
  readonly tuner?: object
  /** Tuners beside `catalog`. */
  readonly others?: number
  readonly context?: BrowserContextOptions
  /** `changes`, `breakers`, … */
  readonly view?: string
}

let browser: Browser

/** Left out where there is no browser. */
export function inBrowser(title: string, tests: () => void): void {
  describe.skipIf(chromiumPath === undefined)(title, () => {
    beforeAll(async () => {
      browser = await launch()
    })
    afterAll(() => browser.close())
    tests()
  })
}

/** One over nothing of ours. */
export async function barePage(): Promise<Page> {
  const page = await browser.newPage()
  onTestFinished(() => page.close())
  return page
}

export async function open(wanted: Wanted = {}): Promise<Opened> {
  const { windows = 60, options = {}, tuner = {}, others = 0, context: given = {}, view = 'tuning' } = wanted
  const show = await showcase(parts, { windows, options: { stateInterval: '100ms', ...options }, tuner, others })
  const { url } = await show.operations.listen({ port: 0 })
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-GB', ...given })
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  const complaints: string[] = []
  const asked: string[] = []
  page.on('pageerror', (error) => complaints.push(`${error.stack}`))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('request', (request) => asked.push(request.url()))
  onTestFinished(async () => {
    await context.close()
    await show.close()
  })
  await page.goto(`${url}#/${view}`)
  await page.locator('main .section-head:visible, main .figures:visible, main form:visible').first().waitFor()
  return { page, url, show, complaints, asked, play: (count) => show.play(count) }
}

interface KnobNow {
  readonly name: string
  readonly frozen: boolean
  readonly value: number
  readonly certified: number | null
}

/** Where the knobs are in the process, whatever the page says. */
export const knobsOf = async ({ tuner }: Opened['show']): Promise<readonly KnobNow[]> => (await tuner.explain()).knobs

/** What a reader of the screen hears. */
export const toast = (page: Page) => page.locator('.toast').last()
