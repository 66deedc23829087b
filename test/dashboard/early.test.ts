/** What the page does before there is a page: without a browser, by a scripted document and a clock that is moved by hand. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { HELD, type Held, THEME, TOKEN } from '../../ts/dashboard/api/kept.js'
import { folder } from '../support/folder.js'

type Painted = (list: { getEntriesByName(name: string): readonly unknown[] }) => void

/** The parts of a browser that it asks for. */
function browser({ theme, token, hidden = false }: { theme?: string; token?: string; hidden?: boolean } = {}) {
  const asked: { url: string; init: RequestInit }[] = []
  const listeners = new Map<string, () => void>()
  let painted: Painted = () => {}
  let refuse: (error: unknown) => void = () => {}
  const app = join(folder(), 'app.mjs')
  writeFileSync(app, 'globalThis.pages++\n')
  const dataset: Record<string, string> = { app: pathToFileURL(app).href }
  const storage = (key: string, value: string | undefined) => ({
    getItem: (name: string) => (name === key ? (value ?? null) : null),
  })
  const window = { localStorage: storage(THEME, theme), sessionStorage: storage(TOKEN, token) } as Record<
    string,
    unknown
  >
  vi.stubGlobal('window', window)
  vi.stubGlobal('document', { documentElement: { dataset }, baseURI: 'http://127.0.0.1/ops/', hidden })
  vi.stubGlobal('addEventListener', (name: string, listener: () => void) => listeners.set(name, listener))
  vi.stubGlobal('pages', 0)
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
    asked.push({ url, init })
    return new Promise((_, reject) => {
      refuse = reject
    })
  })
  vi.stubGlobal(
    'PerformanceObserver',
    class {
      constructor(told: Painted) {
        painted = told
      }
      observe(): void {}
    },
  )
  return {
    asked,
    dataset,
    held: () => window[HELD] as Held | undefined,
    pages: () => (globalThis as unknown as { pages: number }).pages,
    paint: (...names: string[]) => painted({ getEntriesByName: (name) => names.filter((one) => one === name) }),
    ready: () => listeners.get('DOMContentLoaded')?.(),
    refuse: (error: unknown) => refuse(error),
  }
}

const early = async (): Promise<void> => {
  vi.resetModules()
  await import('../../ts/dashboard/early.js')
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

test.each([
  ['light', 'light'],
  ['dark', 'dark'],
  ['system', undefined],
  [undefined, undefined],
])('the theme %s stands before anything is drawn', async (theme, shown) => {
  const { dataset, asked } = browser({ ...(theme !== undefined && { theme }) })
  await early()
  expect(dataset.theme).toBe(shown)
  expect(asked).toEqual([])
})

test('once the page’s content is painted the events are asked for and the page begins; once', async () => {
  const { asked, paint, ready, held, pages, refuse } = browser({ token: 'a-token' })
  await early()
  paint('first-paint')
  expect(asked).toEqual([])
  paint('first-paint', 'first-contentful-paint')
  ready()
  await vi.advanceTimersByTimeAsync(10_000)
  paint('first-contentful-paint')
  expect(asked.map(({ url }) => url)).toEqual(['api/v1/events'])
  expect(asked[0]?.init).toMatchObject({
    headers: { accept: 'text/event-stream', authorization: 'Bearer a-token' },
    credentials: 'omit',
    signal: held()?.stop.signal,
  })
  vi.useRealTimers()
  await expect.poll(pages).toBe(1)
  // Nobody has taken it yet: it is not an error of nobody's.
  refuse(new Error('away'))
  await expect(held()?.answer).rejects.toThrow('away')
})

test('a browser that tells of no frame is waited for 300 ms, a page that nobody sees not at all', async () => {
  const seen = browser()
  await early()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(seen.asked).toEqual([])
  seen.ready()
  await vi.advanceTimersByTimeAsync(299)
  expect(seen.asked).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  expect(seen.asked).toHaveLength(1)
  expect(seen.asked[0]?.init.headers).toEqual({ accept: 'text/event-stream' })
  vi.useRealTimers()
  await expect.poll(seen.pages).toBe(1)
  vi.useFakeTimers()
  const unseen = browser({ hidden: true })
  await early()
  unseen.ready()
  expect(unseen.asked).toHaveLength(1)
  vi.useRealTimers()
  await expect.poll(unseen.pages).toBe(1)
})
