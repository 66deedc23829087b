/** Pictures as a whole: golden files, what must never be in them, that all lies within, that they stay small. */
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { type HomeostatError, isHomeostatError } from '../../ts/errors.js'
import { PLOT_NAMES, type PlotName, renderStudy, type StudyData } from '../../ts/plot/index.js'
import { outside } from './support/marks.js'
import { SERVICE_KNOBS, STUDIES, search } from './support/studies.js'
import { all, type Element, parse, textOf } from './support/xml.js'

const NAMES = Object.keys(STUDIES) as (keyof typeof STUDIES)[]
const svgsOf = (page: Element) => [...all(page)].filter(({ name }) => name === 'svg')
const small = () => search({ trials: 12, knobs: SERVICE_KNOBS.slice(0, 3), failed: 0.1 })

describe('golden: `npx vitest run test/plot -u` draws them anew', () => {
  test.each(PLOT_NAMES)('docs/plot-%s.svg', async (name) => {
    await expect(renderStudy(STUDIES.service()).svg(name)).toMatchFileSnapshot(`../../docs/plot-${name}.svg`)
  })

  test('page', async () => {
    await expect(renderStudy(small(), { only: ['history', 'importance'] }).html).toMatchFileSnapshot(
      'fixtures/page.html',
    )
  })
})

describe.each(NAMES)('%s', (name) => {
  const data = STUDIES[name]()
  const picture = renderStudy(data)

  test.each(PLOT_NAMES)('%s is well-formed, finite, and within its box', (plot) => {
    const svg = parse(picture.svg(plot).trimEnd())
    expect(picture.svg(plot)).not.toMatch(/NaN|Infinity|undefined|\[object/)
    expect(outside(svg)).toEqual([])
    expect(svg.attributes.role).toBe('img')
    expect(svg.attributes['aria-label']).toBeTruthy()
  })

  test('page is well-formed, and every picture on it within its box', () => {
    const page = parse(picture.html.trimEnd(), true)
    const markup = picture.html.replaceAll(/<script>[\s\S]*?<\/script>/g, '')
    expect(markup).not.toMatch(/NaN|Infinity|undefined|\[object/)
    for (const svg of svgsOf(page)) {
      expect(outside(svg)).toEqual([])
      expect(svg.attributes['aria-label']).toBeTruthy()
    }
  })

  test('the same study, the same bytes', () => {
    const again = renderStudy(STUDIES[name]())
    expect(again.html === picture.html).toBe(true)
    for (const plot of PLOT_NAMES) expect(again.svg(plot) === picture.svg(plot)).toBe(true)
  })

  test('stays small', () => {
    expect(picture.html.length).toBeLessThan(1_100_000)
    for (const plot of PLOT_NAMES) expect(picture.svg(plot).length).toBeLessThan(400_000)
  })
})

describe('what the pictures say', () => {
  const words = (data: StudyData, plot: PlotName): string => textOf(parse(renderStudy(data).svg(plot).trimEnd()))

  test('a thinned picture says so, with both counts; a full one does not', () => {
    expect(words(STUDIES['ten thousand trials'](), 'history')).toMatch(/Thinned: \d+ of 9\u202f\d+ trials/)
    expect(words(STUDIES['ten thousand trials'](), 'slices')).toMatch(/Thinned: 600 of \d+/)
    expect(words(STUDIES['ten thousand trials'](), 'parallel')).toMatch(/Thinned: 360 of \d+/)
    for (const plot of PLOT_NAMES) expect(words(STUDIES.service(), plot)).not.toContain('Thinned')
  })

  test('a log axis where it helps, never with negative values', () => {
    expect(words(STUDIES['log values'](), 'history')).toContain('log scale')
    expect(words(STUDIES.service(), 'history')).not.toContain('log scale')
    expect(words(STUDIES['negative values'](), 'history')).not.toContain('log scale')
  })

  test('values beyond the axis are counted and drawn at its edge', () => {
    expect(words(STUDIES['a few huge values'](), 'history')).toMatch(/\d+ values? beyond the axis/)
    expect(renderStudy(STUDIES['a few huge values']()).svg('history')).toContain('class="signs complete edge"')
  })

  test('nothing complete: a message, and why', () => {
    for (const plot of ['history', 'slices', 'parallel'] as const) {
      const said = words(STUDIES['nothing complete'](), plot)
      expect(said).toContain(plot === 'history' ? 'pruned' : 'No trial is complete yet')
    }
    expect(words(STUDIES['no trials'](), 'history')).toContain('No trial is complete yet')
    expect(renderStudy(STUDIES['nothing complete']()).html).toContain('out of memory')
  })

  test('every outcome has its sign, its name and the right count of marks', () => {
    const data = STUDIES.service()
    const svg = parse(renderStudy(data).svg('history').trimEnd())
    const marks = (className: string) =>
      [...all(svg)]
        .filter(
          ({ attributes }) =>
            attributes['data-t'] !== undefined && (attributes.class ?? '').split(' ').includes(className),
        )
        .reduce((sum, { attributes }) => sum + (attributes['data-t'] as string).split(' ').length, 0)
    const count = (of: (trial: StudyData['trials'][number]) => boolean) => data.trials.filter(of).length
    const broken = (margin: number | undefined) => margin !== undefined && margin < 0
    expect(marks('failed')).toBe(count(({ state }) => state === 'failed'))
    expect(marks('pruned')).toBe(count(({ state }) => state === 'pruned'))
    expect(marks('infeasible')).toBe(count(({ state, margin }) => state === 'complete' && broken(margin)))
    expect(marks('added')).toBe(count(({ added, margin }) => added === true && !broken(margin)))
    expect(marks('complete')).toBe(
      count(({ state, added, margin }) => state === 'complete' && !added && !broken(margin)),
    )
    expect(textOf(svg)).toContain('breaks a constraint')
  })

  test('the best is the feasible best in the direction asked for, or the incumbent that is given', () => {
    const trial = (trial: number, value: number, margin?: number) =>
      ({ trial, state: 'complete', params: { x: trial }, value, ...(margin === undefined ? {} : { margin }) }) as const
    const data: StudyData = {
      direction: 'minimize',
      knobs: [{ name: 'x', min: 0, max: 9 }],
      trials: [trial(0, 5), trial(1, 3), trial(2, 1, -0.1), trial(3, 9), trial(4, Number.NaN)],
    }
    expect(words(data, 'history')).toContain('best 3 (trial 1)')
    expect(textOf(parse(renderStudy(data, { direction: 'maximize' }).svg('history').trimEnd()))).toContain(
      'best 9 (trial 3)',
    )
    expect(words({ ...data, best: { trial: 0, value: 4.5 } }, 'history')).toContain('best 4.5 (trial 0)')
    expect(renderStudy({ ...data, best: { trial: 0, value: 4.5 } }).html).toContain('its own trial saw 5')
    expect(words(data, 'history')).toContain('failed')
  })

  test('the importance given, most important first', () => {
    const svg = words(
      { ...STUDIES.service(), importance: { phase: 0.7, jitter: 0.2, policy: Number.NaN } },
      'importance',
    )
    expect(svg).toMatch(/phase0\.7jitter0\.25 more: not known yet/)
    expect(words({ ...STUDIES.service(), importance: undefined }, 'importance')).toContain('not known yet')
  })
})

describe('nothing from a study becomes markup', () => {
  const evil = '</script><script>alert(1)</script><img src=x onerror=alert(1)>"\'&amp;\u202e\u0000\ud800'
  const data: StudyData = {
    name: evil,
    direction: 'minimize',
    knobs: [
      { name: evil, min: 0, max: 1, unit: evil },
      { name: '__proto__', kind: 'choice', choices: [evil, 'b'] },
    ],
    trials: [
      { trial: 0, state: 'complete', value: 1, params: { [evil]: 0.5, ['__proto__']: evil } },
      { trial: 1, state: 'failed', reason: evil, params: { [evil]: evil } },
      { trial: 2, state: 'complete', value: 2, params: { [evil]: 0.7 } },
    ],
    importance: { [evil]: 1 },
  }
  const ELEMENTS =
    /^(html|head|meta|title|link|style|body|header|h1|h2|p|main|section|div|figure|svg|path|circle|line|rect|text|tspan|g|table|thead|tbody|tr|th|td|button|label|select|option|span|noscript|details|summary|pre|ul|li|b|footer|script)$/

  test.each(['html', ...PLOT_NAMES] as const)('%s', (name) => {
    const picture = renderStudy(data)
    const text = name === 'html' ? picture.html : picture.svg(name)
    const root = parse(text.trimEnd(), name === 'html')
    for (const element of all(root)) {
      expect(element.name).toMatch(ELEMENTS)
      const keys = Object.keys(element.attributes)
      expect(keys.filter((key) => /^on|^style$/.test(key) || (key === 'href' && element.name !== 'link'))).toEqual([])
    }
    expect([...all(root)].filter(({ name }) => name === 'script')).toHaveLength(name === 'html' ? 2 : 0)
    expect(text).not.toContain('\u202e')
    expect(text).not.toContain('<img')
  })

  test('it is still there to be read', () => {
    const page = parse(renderStudy(data).html.trimEnd(), true)
    expect(textOf([...all(page)].find(({ name }) => name === 'h1') as Element)).toContain('<script>alert(1)</script>')
  })
})

describe('the page stands alone', () => {
  const { html } = renderStudy(STUDIES.service())
  const page = parse(html.trimEnd(), true)
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  const policy = [...all(page)].find(({ attributes }) => attributes['http-equiv'] === 'Content-Security-Policy')
    ?.attributes.content

  test('its policy lets its own script and style run, and nothing else', () => {
    const [style] = [...all(page)].filter(({ name }) => name === 'style')
    const [script] = [...all(page)].filter(({ name, attributes }) => name === 'script' && attributes.type === undefined)
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain(`style-src ${hash(textOf(style as Element))};`)
    expect(policy).toContain(`script-src ${hash(textOf(script as Element))}`)
  })

  test('it names no other place', () => {
    expect(html.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(
      /https?:|\bimport\b|@import|url\(|fetch\(|\beval\b/,
    )
  })

  test('theme, title and the choice of pictures', () => {
    expect(html).toContain('<html lang="en">')
    const dark = renderStudy(STUDIES.service(), { theme: 'dark', title: 'My study', only: ['parallel', 'history'] })
    expect(dark.html).toContain('<html lang="en" data-theme="dark">')
    expect(dark.html).toContain('<h1>My study</h1>')
    expect(dark.html).not.toContain('id="slices"')
    expect(dark.html.indexOf('id="history"')).toBeLessThan(dark.html.indexOf('id="parallel"'))
    expect(dark.svg('history')).toContain('#1b2126')
    expect(dark.svg('history')).not.toContain('prefers-color-scheme')
    expect(renderStudy(STUDIES.service()).svg('history')).toContain('prefers-color-scheme:dark')
  })
})

test.each([
  ['theme', {}, { theme: 'blue' }],
  ['only[1]', {}, { only: ['history', 'pie'] }],
  ['title', {}, { title: 7 }],
  ['direction', { direction: 'up' }, {}],
  ['knobs', { knobs: 7 }, {}],
  ['knobs[0].kind', { knobs: [{ name: 'x', kind: 'list' }] }, {}],
  ['knobs[0].min', { knobs: [{ name: 'x', max: 1 }] }, {}],
  ['knobs[0].max', { knobs: [{ name: 'x', min: 0, max: Number.NaN }] }, {}],
  ['knobs[0].min', { knobs: [{ name: 'x', min: 0, max: 1, scale: 'log' }] }, {}],
  ['knobs[0].choices', { knobs: [{ name: 'x', kind: 'choice', choices: [] }] }, {}],
  ['trials[0].state', { trials: [{ trial: 0, state: 'done', params: {} }] }, {}],
  ['trials[0].params', { trials: [{ trial: 0, state: 'open' }] }, {}],
])('a wrong %s is refused by name', (option, data, options) => {
  const base = { direction: 'minimize', knobs: [], trials: [] }
  let error: unknown
  try {
    renderStudy({ ...base, ...data } as unknown as StudyData, options as object).html
  } catch (thrown) {
    error = thrown
  }
  expect(isHomeostatError(error)).toBe(true)
  expect((error as HomeostatError).code).toBe('HOMEOSTAT_INVALID_OPTION')
  expect((error as HomeostatError).option).toBe(option)
})

test('an unknown picture or option is refused', () => {
  expect(() => renderStudy(STUDIES.constant()).svg('pie' as PlotName)).toThrow(/history, importance, slices, parallel/)
  expect(() => renderStudy(STUDIES.constant(), { them: 'dark' } as object)).toThrow(/them is not an option/)
})
