/** Everything that a person can ask for on the page, in a real browser, and what becomes of it in the process. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumPath, launch } from './support/browser.mjs'
import { knobsOf, open, toast } from './support/page.js'

describe.skipIf(chromiumPath === undefined)('actions', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(() => browser.close())

  test('freeze is done at once and can be taken back, by button and by key', async () => {
    const { page, show, complaints } = await open(browser)
    const frozen = async () => (await knobsOf(show)).find(({ name }) => name === 'ttl')?.frozen
    await page.getByRole('button', { name: 'Freeze ttl' }).click()
    await expect.poll(frozen).toBe(true)
    await expect.poll(() => toast(page).textContent()).toContain('ttl is frozen at its present value.')
    await page.getByRole('button', { name: 'Unfreeze ttl' }).waitFor()
    await page.keyboard.press('u')
    await expect.poll(frozen).toBe(false)
    await expect.poll(() => toast(page).textContent()).toContain('ttl may move again.')
    await page.getByRole('button', { name: 'Freeze all' }).click()
    await expect.poll(async () => (await knobsOf(show)).every((knob) => knob.frozen)).toBe(true)
    await toast(page).getByRole('button', { name: 'Undo' }).click()
    await expect.poll(async () => (await knobsOf(show)).some((knob) => knob.frozen)).toBe(false)
    expect(complaints).toEqual([])
  })

  test('SafeMode is entered at once, said everywhere, and left after a question, with a reason in the journal', async () => {
    const { page, show } = await open(browser)
    await page.getByRole('button', { name: 'SafeMode', exact: true }).click()
    await expect.poll(async () => (await show.tuner.explain()).safe_mode?.reason).toBe('by-hand')
    await page.locator('.banner').getByText('SafeMode since by hand').waitFor()
    await expect.poll(() => page.title()).toContain('SafeMode')
    await page.getByRole('button', { name: 'Leave SafeMode …' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('Leave SafeMode of catalog?').waitFor()
    await dialog.getByLabel('Why, for the journal (optional)').fill('looked at it')
    await dialog.getByRole('button', { name: 'Leave SafeMode' }).click()
    await expect.poll(async () => (await show.tuner.explain()).safe_mode).toBeNull()
    await expect.poll(() => page.locator('.banner').isVisible()).toBe(false)
    await page.goto(`${page.url().split('#')[0]}#/operations`)
    await page.getByRole('row', { name: /leave safe mode.*done.*looked at it/ }).waitFor()
    await toast(page).getByRole('button', { name: 'Undo' }).click()
    await expect.poll(async () => (await show.tuner.explain()).safe_mode?.reason).toBe('by-hand')
  })

  test('a roll back says what moves where, does it, and can be taken back within the guardrails', async () => {
    const { page, show, play } = await open(browser, { windows: 40 })
    play(400)
    const { generation } = show.tuner
    expect((await knobsOf(show)).some(({ certified }) => certified !== null)).toBe(true)
    await page.keyboard.press('r')
    const dialog = page.getByRole('dialog')
    await dialog.getByText('Roll back catalog?').waitFor()
    await page.keyboard.press('Escape')
    await expect.poll(() => dialog.count()).toBe(0)
    expect(show.tuner.generation).toBe(generation)
    await page.getByRole('button', { name: 'Roll back …' }).click()
    await dialog.getByRole('button', { name: 'Roll back' }).click()
    await expect.poll(() => toast(page).textContent()).toContain('catalog was rolled back.')
    for (const { value, certified } of await knobsOf(show)) expect(value).toBe(certified)
    await page.goto(`${page.url().split('#')[0]}#/operations`)
    await page.getByRole('row', { name: /rollback.*done/ }).waitFor()
  })

  test('mode, kill switch and a value by hand ask first; Cancel changes nothing', async () => {
    const { page, show } = await open(browser)
    const dialog = page.getByRole('dialog')
    await page.getByLabel('Mode').selectOption('recommend')
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await expect.poll(() => page.getByLabel('Mode').inputValue()).toBe('auto')
    expect(show.tuner.mode).toBe('auto')
    await page.getByLabel('Mode').selectOption('recommend')
    await dialog.getByRole('button', { name: 'Switch to recommend' }).click()
    await expect.poll(() => show.tuner.mode).toBe('recommend')
    await toast(page).getByRole('button', { name: 'Undo' }).click()
    await expect.poll(() => show.tuner.mode).toBe('auto')
    await page.getByLabel('Kill switch').selectOption('freeze')
    await dialog.getByRole('button', { name: 'Freeze' }).click()
    await expect.poll(() => show.tuner.controlWord).toBe('freeze')
    await page.locator('.banner').getByText('The kill switch stands at “freeze”').waitFor()
    await toast(page).getByRole('button', { name: 'Undo' }).click()
    await expect.poll(() => show.tuner.controlWord).toBe('on')
  })

  test('what is refused is said in the words of the problem, in the dialog, and nothing is lost', async () => {
    const { page, show } = await open(browser)
    show.tuner.freeze()
    await page.getByRole('button', { name: 'Unfreeze linger' }).waitFor()
    await page.getByRole('button', { name: 'Set linger' }).click()
    const dialog = page.getByRole('dialog')
    const wanted = Number((show.tuner.knobs.linger + 0.5).toFixed(1))
    await dialog.getByLabel('New value in milliseconds').fill(String(wanted))
    await dialog.getByRole('button', { name: 'Set linger' }).click()
    const alert = dialog.getByRole('alert')
    await alert.getByText('The command was refused').waitFor()
    await alert.getByText('It is frozen: let it move first.').waitFor()
    expect(await dialog.getByLabel('New value in milliseconds').inputValue()).toBe(String(wanted))
    show.tuner.unfreeze()
    show.clock.advance(3000)
    // A page that is behind would be told so: it has to have seen that nothing is frozen any more.
    await page.locator('button[aria-label="Freeze linger"]').waitFor()
    await dialog.getByRole('button', { name: 'Try again' }).click()
    await expect.poll(() => show.tuner.knobs.linger).toBe(wanted)
  })

  test('a breaker is held open and given back', async () => {
    const { page, show } = await open(browser, { view: 'breakers' })
    await page.getByLabel('Ask the breaker of payments').selectOption('force-open')
    await page.getByRole('dialog').getByRole('button', { name: 'Hold open' }).click()
    await expect.poll(() => show.watching.component('payments').state).not.toBe('closed')
    await page.getByRole('row', { name: /payments.*open/ }).waitFor()
    await toast(page).getByRole('button', { name: 'Undo' }).click()
    await expect.poll(() => show.watching.component('payments').state).toBe('closed')
  })

  test('who may only look is told so, and finds the buttons off; who needs a token is asked for it', async () => {
    const token = 'reader-token-000000000000'
    const tokens = [{ name: 'grafana', role: 'read', token }]
    const { page, asked } = await open(browser, { options: { tokens } })
    await page.getByLabel('Token').fill(`${token.slice(0, -1)}x`)
    await page.keyboard.press('Enter')
    await page.getByText('The token is not valid').waitFor()
    await page.getByLabel('Token').fill(token)
    await page.keyboard.press('Enter')
    await expect.poll(() => page.locator('#connection').textContent()).toBe('live, read only')
    await expect.poll(() => page.getByRole('button', { name: 'Freeze all' }).isDisabled()).toBe(true)
    expect(asked.filter((url) => url.includes(token))).toEqual([])
  })
})
