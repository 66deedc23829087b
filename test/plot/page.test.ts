/**
 * The page's script in a real browser: headless Chromium loads the page with a driver behind the page's own script, which
 * points, types and drags as a reader would and leaves what it saw in the document.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { renderStudy, type StudyData } from '../../ts/plot/index.js'
import { SCRIPT } from '../../ts/plot/script/index.js'
import { cspHash } from '../../ts/plot/sha256.js'
import { STUDIES } from './support/studies.js'

const run = promisify(execFile)
const chromium = [
  process.env.CHROMIUM ?? '',
  ...['chromium', 'chromium-browser', 'google-chrome'].flatMap((name) =>
    (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name)),
  ),
].find((path) => path !== '' && existsSync(path))

/** Runs in the page; every answer is plain data. */
const DRIVER = String.raw`{
const seen = (selector) => [...document.querySelectorAll(selector)].filter((e) => e.getClientRects().length > 0)
const $ = (id) => document.getElementById(id)
const say = () => $('say').textContent
const rowsShown = () => document.querySelectorAll('#trials tbody tr').length
const cells = (column) => [...document.querySelectorAll('#trials tbody tr')].map((row) => row.cells[column].textContent)
const answers = {}
const history = seen('#history svg')[0], parallel = seen('#parallel svg')[0]
const key = (target, name, more) => target.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true, ...more }))
const pointer = (target, type, x, y, buttons) => target.dispatchEvent(new PointerEvent(type, { clientX: x, clientY: y, bubbles: true, pointerId: 1, buttons: buttons || 0, pointerType: 'mouse' }))

answers.svgs = ['history', 'parallel', 'importance'].map((id) => seen('#' + id + ' svg').length)
answers.overflow = document.documentElement.scrollWidth - innerWidth
answers.smallest = Math.min(...seen('svg').map((svg) => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width))

const ring = history.querySelector('circle.ring:not(.key)') && [...history.querySelectorAll('circle.ring')].pop().getBoundingClientRect()
pointer(history, 'pointermove', ring.x + ring.width / 2, ring.y + ring.height / 2)
answers.tip = $('tip').hidden ? null : $('tip').textContent
answers.halos = seen('.halo').length
answers.lineOver = document.querySelectorAll('.line.over').length
pointer(history, 'pointermove', 2, 2)
answers.tipAway = $('tip').hidden

key(history, 'Home'); answers.first = say()
key(history, 'ArrowRight'); answers.second = say()
key(history, 'End'); answers.last = say()
key(history, 'Escape'); answers.escaped = $('tip').hidden

answers.rows = rowsShown()
answers.shownAll = $('shown').textContent
const head = (name) => [...document.querySelectorAll('#trials th button')].find((button) => button.textContent === name)
head('trial').click(); answers.byTrial = cells(0).slice(0, 3)
head('trial').click(); answers.falling = cells(0).slice(0, 3)
$('after').click(); answers.page = $('pages').textContent
$('outcome').value = 'failed'; $('outcome').dispatchEvent(new Event('change')); answers.failed = $('shown').textContent
$('outcome').value = ''; $('outcome').dispatchEvent(new Event('change'))

const grab = parallel.querySelector('.grab').getBoundingClientRect()
const [x, top, bottom] = [grab.x + grab.width / 2, grab.y, grab.y + grab.height]
parallel.querySelector('.grab').setPointerCapture = () => {}
pointer(parallel.querySelector('.grab'), 'pointerdown', x, (top + bottom) / 2, 1)
pointer(parallel.querySelector('.grab'), 'pointermove', x, bottom, 1)
pointer(parallel.querySelector('.grab'), 'pointerup', x, bottom)
answers.picked = document.querySelector('.picked span').textContent
answers.pickedTable = $('shown').textContent
answers.off = parallel.querySelectorAll('.line.off').length
answers.lines = parallel.querySelectorAll('.line[data-t]').length
answers.ghosts = document.querySelectorAll('.ghost').length
document.querySelector('.picked button').click()
answers.all = [$('shown').textContent, parallel.querySelectorAll('.line.off').length, document.querySelectorAll('.ghost').length]

key(parallel, 'ArrowRight'); answers.axis = say()
for (let i = 0; i < 10; i++) key(parallel, 'ArrowDown')
answers.byKeys = [say(), $('shown').textContent]
key(parallel, 'Delete'); answers.deleted = $('shown').textContent
const dump = document.createElement('pre')
dump.id = 'answers'
dump.textContent = JSON.stringify(answers)
document.body.append(dump)
}`

async function drive(data: StudyData, width: number): Promise<Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-page-'))
  try {
    const { html } = renderStudy(data)
    const page = html
      .replace("script-src '", `script-src '${cspHash(DRIVER)}' '`)
      .replace('</body>', () => `<script>${DRIVER}</script></body>`)
    writeFileSync(join(folder, 'page.html'), page)
    const flags = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--dump-dom',
      `--user-data-dir=${join(folder, 'profile')}`,
    ]
    const url = pathToFileURL(join(folder, 'page.html')).href
    const { stdout } = await run(chromium as string, [...flags, `--window-size=${width},900`, url], {
      maxBuffer: 2 ** 26,
      timeout: 180_000,
    })
    const found = /<pre id="answers">([\s\S]*?)<\/pre>/.exec(stdout)?.[1]
    if (found === undefined) throw new Error('the driver did not come to its end')
    return JSON.parse(found.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'))
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

test('the script is one that a browser can parse, and cannot end its element', () => {
  expect(() => new Function(SCRIPT)).not.toThrow()
  expect(SCRIPT).not.toMatch(/<\/script|<!--/i)
})

// Not everyone has a browser at hand; the packaging test's machines do.
test.skipIf(!chromium).each([1600, 600])('hovering, keys, sorting and brushing, %i pixels wide', async (width) => {
  const data = STUDIES.service()
  const counted = (state: string) => data.trials.filter((trial) => trial.state === state).length
  const seen = await drive(data, width)
  expect(seen.svgs).toEqual([1, 1, 1])
  expect(seen.overflow).toBeLessThanOrEqual(0)
  expect(seen.smallest).toBeGreaterThan(0.8)

  expect(seen.tip).toContain(`Trial ${data.best?.trial}, the best`)
  expect(seen.tip).toContain('cache_ttl')
  // In the history and in every slice, and as a line of its own.
  expect(seen.halos).toBe(1 + data.knobs.length)
  expect(seen.lineOver).toBe(1)
  expect(seen.tipAway).toBe(true)

  expect(seen.first).toMatch(/^Trial 0, complete, added, value \d/)
  expect(seen.second).toMatch(/^Trial 1, /)
  expect(seen.last).toMatch(/^Trial 19\d, /)
  expect(seen.escaped).toBe(true)

  expect(seen.rows).toBe(25)
  expect(seen.shownAll).toBe('200 trials')
  expect(seen.byTrial).toEqual(['0', '1', '2'])
  expect(seen.falling).toEqual(['199', '198', '197'])
  expect(seen.page).toBe('page 2 of 8')
  expect(seen.failed).toBe(`${counted('failed')} trials`)

  const [, picked, of] = /^(\d+) of (\d+) trials: cache_ttl 1000 ms to/.exec(
    seen.picked as string,
  ) as unknown as string[]
  expect(Number(of)).toBe(counted('complete'))
  expect(Number(picked)).toBeGreaterThan(0)
  expect(Number(picked)).toBeLessThan(Number(of))
  expect(seen.pickedTable).toBe(`${picked} trials`)
  expect(Number(seen.lines) - Number(seen.off)).toBe(Number(picked))
  expect(seen.ghosts).toBeGreaterThan(data.knobs.length)
  expect(seen.all).toEqual(['200 trials', 0, 0])

  expect(seen.axis).toBe('cache_ttl, 1000 ms to 3600000 ms')
  expect(seen.byKeys).toEqual([
    expect.stringMatching(/^\d+ of \d+ trials: cache_ttl 1000 ms to 6\d+ ms$/),
    expect.stringMatching(/^\d+ trials$/),
  ])
  expect(seen.deleted).toBe('200 trials')
})
