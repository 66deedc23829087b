/** Several tuners on one screen: how each stands, which way its objective went, and the way to it. */
import type { TunerState } from '../../server/api/state.js'
import type { Range, SeriesList } from '../../server/history/history.js'
import { attribute, h, keyed, say, svg } from '../dom.js'
import { micros, number, percent, span } from '../format.js'
import type { Model } from '../model.js'
import { poll, type Shared, type View } from './view.js'

const BUCKETS = 60
const EVERY_MS = 10_000
const [WIDTH, HEIGHT] = [132, 30]
/** The last two only where there is room. */
const HEADS = [
  'Tuner',
  'State',
  'Objective',
  'Its course',
  'Since the start',
  'Constraint',
  'Changed',
  'p99',
  'Traffic',
]
const WIDE_FROM = 7
/** How much of the course counts as its start and as its end. */
const SHARE = 0.15

interface Course {
  readonly runId: string
  readonly means: readonly (number | null)[]
}

export class TunersView implements View {
  readonly id = 'tuners'
  readonly title = 'Tuners'
  readonly element: HTMLElement
  readonly #shared: Shared
  readonly #rows = h('tbody')
  readonly #note = h('p', { class: 'soft' })
  readonly #courses = new Map<string, Course>()
  readonly #poll = poll(() => this.#load(), EVERY_MS)

  constructor(shared: Shared) {
    this.#shared = shared
    const heads = HEADS.map((text, i) => h('th', { scope: 'col', text, ...(i >= WIDE_FROM && { class: 'wide' }) }))
    this.element = h(
      'div',
      {},
      h('div', { class: 'section-head' }, h('h2', { text: 'Tuners' }), this.#note),
      h(
        'section',
        { class: 'card scroll', tabindex: 0, 'aria-label': 'All tuners' },
        h(
          'table',
          { class: 'tuners' },
          h('caption', { class: 'hidden', text: 'All tuners' }),
          h('thead', {}, h('tr', {}, ...heads)),
          this.#rows,
        ),
      ),
    )
  }

  offered({ state }: Model): boolean {
    return (state?.tuners.length ?? 0) > 1
  }

  shown(): void {
    this.#poll.now()
  }

  update(): void {
    const { state, current } = this.#shared.model
    const tuners = state?.tuners ?? []
    keyed(
      this.#rows,
      tuners,
      ({ name }) => name,
      ({ name }) => this.#row(name),
      (row, tuner) => this.#fill(row, tuner, Math.max(state?.atMs ?? 0, tuner.window?.atMs ?? 0), tuner === current),
    )
    const odd = tuners.filter((tuner) => ['bad', 'guard'].includes(standing(tuner)[0]))
    const names = odd.map((tuner) => `${tuner.name} (${standing(tuner)[1]})`)
    say(
      this.#note,
      odd.length === 0 ? `${number(tuners.length)}, all of them at work` : `To look at: ${names.join(', ')}`,
    )
    this.#poll.soon()
  }

  #row(name: string): HTMLTableRowElement {
    const link = h('a', { href: '#/tuning', text: name })
    link.addEventListener('click', () => {
      this.#shared.model.tuner = name
      this.#shared.model.touch()
    })
    return h(
      'tr',
      {},
      h('th', { scope: 'row' }, link),
      h('td', {}, h('span', { class: 'chip' })),
      h('td', {}, h('strong', { class: 'value' }), h('span', { class: 'soft' })),
      h('td'),
      ...HEADS.slice(4).map((_, i) => h('td', i + 4 >= WIDE_FROM ? { class: 'wide' } : {})),
    )
  }

  #fill(row: HTMLTableRowElement, tuner: TunerState, nowMs: number, chosen: boolean): void {
    attribute(row, 'aria-current', chosen && 'true')
    const [tone, text] = standing(tuner)
    const chip = row.querySelector('.chip') as HTMLElement
    say(chip, text)
    chip.className = `chip ${tone}`
    const { objective, window, changedAtMs } = tuner
    const { mean, low, high } = objective
    const [value, sure] = (row.cells[2] as HTMLElement).children as unknown as [HTMLElement, HTMLElement]
    say(value, number(mean))
    say(sure, low === null || high === null ? '' : ` ± ${number((high - low) / 2, 2)}`)
    const margin = window?.constraintMargin ?? null
    const texts = [
      margin === null ? '–' : margin < 0 ? `missed by ${percent(-margin)}` : `${percent(margin)} below`,
      changedAtMs === null ? 'never' : `${span(nowMs - changedAtMs)} ago`,
      micros(window?.latencyP99Us),
      window?.throughputRps == null ? '–' : `${number(window.throughputRps)}/s`,
    ]
    texts.forEach((one, i) => {
      say(row.cells[i + 5] as HTMLElement, one)
    })
    ;(row.cells[5] as HTMLElement).className = margin !== null && margin < 0 ? 'bad' : ''
  }

  async #load(): Promise<void> {
    const { model } = this.#shared
    if (model.connection.is !== 'live') return
    await Promise.all((model.state?.tuners ?? []).map((tuner) => this.#course(tuner)))
  }

  async #course({ name, runId }: TunerState): Promise<void> {
    const path = `api/v1/tuners/${encodeURIComponent(name)}`
    const { client } = this.#shared
    const { firstMs, lastMs, points } = await client.get<SeriesList>(`${path}/series`)
    if (firstMs === null || lastMs === null || points < 2) return
    const query = `series=objective&from=${firstMs}&to=${lastMs}&buckets=${BUCKETS}`
    const { series } = await client.get<Range>(`${path}/history?${query}`)
    this.#courses.set(name, { runId, means: series.objective?.mean ?? [] })
    const row = [...this.#rows.rows].find((one) => one.dataset.key === name)
    if (row !== undefined) this.#draw(row, name)
  }

  #draw(row: HTMLTableRowElement, name: string): void {
    const means = this.#courses.get(name)?.means ?? []
    const gain = gainOf(means)
    const text =
      gain === undefined
        ? '–'
        : gain === 0
          ? 'as before'
          : `${percent(Math.abs(gain))} ${gain < 0 ? 'lower' : 'higher'}`
    ;(row.cells[3] as HTMLElement).replaceChildren(spark(means, `Objective of ${name}: ${text}`))
    const cell = row.cells[4] as HTMLElement
    say(cell, text)
    // What is lower is better; a hundredth either way is noise.
    cell.className = gain === undefined || Math.abs(gain) < 0.01 ? '' : gain < 0 ? 'good' : 'bad'
  }
}

/** What is worst about it, in a word, and how bad that is. */
export function standing(tuner: TunerState): readonly [tone: string, text: string] {
  const { failure, safeMode, journal, control, knobs, mode, ended } = tuner
  if (failure !== null) return ['bad', 'failed']
  if (ended === true) return ['plain', 'ended']
  if (safeMode !== null) return ['bad', 'SafeMode']
  if (journal.failure !== null) return ['bad', 'journal fails']
  if (control !== 'on') return ['guard', control === 'off' ? 'off' : 'held']
  if (knobs.length > 0 && knobs.every(({ frozen }) => frozen)) return ['guard', 'frozen']
  return [mode === 'auto' ? 'good' : 'plain', mode]
}

/** The end of a course against its start, as a share of the start; undefined where that says nothing. */
export function gainOf(means: readonly (number | null)[]): number | undefined {
  const known = means.filter((one): one is number => one !== null)
  const some = Math.max(1, Math.floor(known.length * SHARE))
  if (known.length < 4) return undefined
  const mean = (part: readonly number[]): number => part.reduce((sum, one) => sum + one, 0) / part.length
  const [start, end] = [mean(known.slice(0, some)), mean(known.slice(-some))]
  return start === 0 ? undefined : (end - start) / Math.abs(start)
}

/** A line without axes: its shape is what counts. Gaps stay gaps. */
function spark(means: readonly (number | null)[], label: string): SVGElement {
  const known = means.filter((one): one is number => one !== null)
  const [least, most] = [Math.min(...known), Math.max(...known)]
  let pen = 'M'
  const parts = means.flatMap((one, i) => {
    if (one === null) {
      pen = 'M'
      return []
    }
    const x = (i / Math.max(1, means.length - 1)) * (WIDTH - 4) + 2
    const y = most === least ? HEIGHT / 2 : HEIGHT - 3 - ((one - least) / (most - least)) * (HEIGHT - 6)
    const part = `${pen}${x.toFixed(1)} ${y.toFixed(1)}`
    pen = 'L'
    return [part]
  })
  return svg(
    'svg',
    {
      class: 'spark',
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      width: WIDTH,
      height: HEIGHT,
      role: 'img',
      'aria-label': label,
    },
    svg('path', { d: parts.join(' ') }),
  )
}
