/** Every view: nothing that axe-core finds fault with, in both themes; narrow screens; keys alone; empty and gone. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { inBrowser, open } from './support/page.js'

const VIEWS = ['tuning', 'changes', 'breakers', 'cascades', 'queues', 'kernels', 'fleet', 'operations']
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface Fault {
  readonly id: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[]
}

async function faults(page: Page): Promise<string[]> {
  const { violations } = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as {
    violations: Fault[]
  }
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  )
}

const goTo = async (page: Page, view: string): Promise<void> => {
  await page.evaluate((id) => {
    location.hash = `#/${id}`
  }, view)
  await page.locator(`nav a[href="#/${view}"][aria-current="page"]`).waitFor()
}

inBrowser('views', () => {
  test.each(['light', 'dark'] as const)('nothing to find fault with on any view, %s', async (colorScheme) => {
    // What checks the page is put into it past its policy, which forbids that.
    const context = { colorScheme, bypassCSP: true }
    const { page, complaints } = await open({ windows: 200, others: 2, context })
    await page.addScriptTag({ content: axe })
    for (const view of ['tuners', ...VIEWS]) {
      await goTo(page, view)
      const first = page.locator('main summary').first()
      if (view === 'changes' || view === 'cascades') await first.click()
      if (view === 'operations') await page.locator('.empty-line:visible, tbody tr').first().waitFor()
      expect(await faults(page), view).toEqual([])
    }
    await page.keyboard.press('?')
    await page.getByRole('dialog').getByText('follow the latest').waitFor()
    expect(await faults(page), 'keys').toEqual([])
    await page.keyboard.press('Escape')
    await goTo(page, 'tuning')
    await page.getByRole('button', { name: 'Set ttl' }).click()
    expect(await faults(page), 'dialog').toEqual([])
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'SafeMode', exact: true }).click()
    await page.locator('.banner').waitFor()
    await page.locator('.toast').waitFor()
    // A toast fades in: what is half transparent has half the contrast.
    await page.evaluate(() => Promise.all(document.getAnimations().map((one) => one.finished)))
    expect(await faults(page), 'SafeMode').toEqual([])
    expect(complaints).toEqual([])
  })

  test('360 pixels wide, no view is wider than the screen, and every action is there', async () => {
    const { page } = await open({ others: 2, context: { viewport: { width: 360, height: 740 } } })
    for (const view of ['tuners', ...VIEWS]) {
      await goTo(page, view)
      const width = await page.evaluate(() => document.documentElement.scrollWidth)
      expect(width, view).toBeLessThanOrEqual(360)
      const link = await page.locator('nav a[aria-current="page"]').boundingBox()
      expect(link?.x, view).toBeGreaterThanOrEqual(0)
      expect((link?.x ?? 0) + (link?.width ?? 999), view).toBeLessThanOrEqual(360)
    }
    expect((await page.locator('.bar').boundingBox())?.height).toBeLessThan(60)
    await goTo(page, 'tuning')
    for (const name of ['Freeze all', 'SafeMode', 'Roll back …', 'Freeze ttl']) {
      const box = await page.getByRole('button', { name, exact: true }).boundingBox()
      expect(box?.x, name).toBeGreaterThanOrEqual(0)
      expect((box?.x ?? 0) + (box?.width ?? 999), name).toBeLessThanOrEqual(360)
      expect(box?.height, name).toBeGreaterThanOrEqual(24)
    }
  })

  test('keys alone: every view, every list, a chart’s values, and focus that is seen and comes back', async () => {
    const { page } = await open({ windows: 200 })
    await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the content')
    const canvas = page.locator('canvas').first()
    await canvas.focus()
    // Before the first values have come there is nothing to read out, and the canvas may be that of a page that knows no tuner yet.
    const readout = async () => {
      await canvas.press('ArrowRight')
      return page.locator('.readout').first().textContent()
    }
    await expect.poll(readout).toMatch(/mean .* with 95 % confidence/)
    expect(await page.evaluate(() => getComputedStyle(document.activeElement as Element).outlineStyle)).toBe('solid')
    await page.keyboard.press('Shift+ArrowLeft')
    await expect.poll(() => page.getByRole('button', { name: 'Live' }).getAttribute('aria-pressed')).toBe('false')
    await page.keyboard.press('l')
    await expect.poll(() => page.getByRole('button', { name: 'Live' }).getAttribute('aria-pressed')).toBe('true')
    await page.getByRole('button', { name: '1 min' }).focus()
    await page.keyboard.press('ArrowRight')
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('15 min')
    await page.keyboard.press('2')
    await page.locator('.change').first().waitFor()
    await page.locator('.change > summary').first().focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.locator('.change[open] .evidence').first().waitFor()
    expect(await page.locator('li:nth-child(2) .change[open]').count()).toBe(1)
    await page.keyboard.press('?')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Escape')
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('SUMMARY')
    await page.keyboard.press('9')
    expect(new URL(page.url()).hash).toBe('#/changes')
  })

  test('several tuners: all of them at a glance, what needs a look by name, and each one step away', async () => {
    const { page, show, complaints } = await open({ windows: 120, others: 4, view: 'tuners' })
    const rows = page.locator('.tuners tbody tr')
    await expect
      .poll(() => rows.locator('th').allTextContents())
      .toEqual(['catalog', 'orders', 'search', 'mail', 'images'])
    await expect.poll(() => page.locator('.spark path').count()).toBe(5)
    await page.getByText('5, all of them at work').waitFor()
    const [orders, , mail] = show.others as { freeze(): void; explain(): Promise<{ knobs: { value: number }[] }> }[]
    mail?.freeze()
    await page.getByText('To look at: mail (frozen)').waitFor()
    expect(await rows.nth(3).locator('.chip').textContent()).toBe('frozen')
    await page.getByRole('link', { name: 'orders' }).focus()
    await page.keyboard.press('Enter')
    await page.locator('.figures').waitFor()
    expect(await page.getByLabel('Tuner', { exact: true }).inputValue()).toBe('orders')
    expect(await page.locator('.knobs h3').allTextContents()).toEqual(['concurrency'])
    const value = (await orders?.explain())?.knobs[0]?.value
    await expect.poll(async () => Number(await page.locator('.knobs .value').first().textContent())).toBe(value)
    expect(complaints).toEqual([])
  })

  test('the theme is the system’s until somebody chooses, and the choice is there before anything is drawn', async () => {
    const { page } = await open({ context: { colorScheme: 'dark' } })
    const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
    const dark = await paper()
    await page.keyboard.press('t')
    const light = await paper()
    expect(light).not.toBe(dark)
    await page.reload()
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe('light')
    expect(await paper()).toBe(light)
    // Keys count once the page is there.
    await page.locator('.figures').first().waitFor()
    await page.keyboard.press('t')
    expect(await paper()).toBe(dark)
  })

  test('with nothing to show every view says what to do', async () => {
    const options = { tuners: [], reflex: undefined, queues: {}, sections: {} }
    const { page } = await open({ options, view: 'changes' })
    await page.getByText('No tuner, hence no changes.').waitFor()
    expect(await page.locator('nav a').allTextContents()).toEqual(['Tuning', 'Changes', 'Operations'])
    await goTo(page, 'tuning')
    await page.getByText('Give this server one: server({ tuners: [tuner] })').waitFor()
    await goTo(page, 'operations')
    await page.getByText('Nobody asked for anything yet.').waitFor()
  })

  test('when the process is gone the page says so in plain words, turns commands off, and comes back by itself', async () => {
    const { page, show, url } = await open()
    const port = Number(new URL(url).port)
    await show.operations.close()
    await page.getByText(/The process is gone, or cannot be reached. Trying again in \d s/).waitFor()
    await expect.poll(() => page.getByRole('button', { name: 'Freeze all' }).isDisabled()).toBe(true)
    const { parts } = await import('./support/parts.js')
    const again = await parts.server({ tuners: [show.tuner], stateInterval: '100ms' })
    try {
      await again.listen({ port })
      await expect.poll(() => page.locator('#connection').textContent(), { timeout: 40_000 }).toBe('live')
      await expect.poll(() => page.getByRole('button', { name: 'Freeze all' }).isDisabled()).toBe(false)
    } finally {
      await again.close()
    }
  })
})
