/** A tuner: where it stands, its objective with confidence, its knobs within their bands, and what can be asked of it. */

import type { TunerState } from '../../server/api/state.js'
import type { Range, SeriesList } from '../../server/history/history.js'
import { ProblemError } from '../api/client.js'
import { Chart } from '../chart/chart.js'
import { Span } from '../chart/span.js'
import { type Ask, Track } from '../chart/track.js'
import { h, keyed, show } from '../dom.js'
import { KnobCard } from './knob.js'
import { ObjectivePicture } from './pictures.js'
import { Summary } from './summary.js'
import { Toolbar } from './toolbar.js'
import type { Shared, View } from './view.js'

/** What was appended live is asked for again so often, so that windows between two states are not missing for long. */
const REFRESH_MS = 15_000

export class TuningView implements View {
  readonly id = 'tuning'
  readonly title = 'Tuning'
  readonly element: HTMLElement
  readonly span = new Span()
  readonly #shared: Shared
  readonly #summary: Summary
  readonly #knobs = h('div', { class: 'knobs' })
  readonly #objective: { readonly chart: Chart; readonly track: Track; readonly picture: ObjectivePicture }
  readonly #body: HTMLElement
  readonly #empty: HTMLElement
  readonly #key = h('span', { class: 'key' })
  readonly #cards = new Map<string, KnobCard>()
  #run = ''
  #lastMs = 0
  #freshMs = 0

  constructor(shared: Shared) {
    this.#shared = shared
    this.#summary = new Summary(shared)
    const track = new Track(['objective'], this.#ask, () => chart.invalidate())
    const picture = new ObjectivePicture(track, this.span)
    const chart = new Chart({ label: 'Objective', kind: 'number', height: 220, span: this.span, picture })
    this.#objective = { chart, track, picture }
    this.#key.append(
      ...[
        ['line', 'moving mean'],
        ['band', '95 % confidence'],
        ['faint', 'windows'],
      ].map(([name, text]) => h('span', {}, h('i', { class: `swatch ${name}` }), text)),
    )
    const knobKey = h(
      'p',
      { class: 'key' },
      ...[
        ['line', 'live value'],
        ['band', 'guardrail band of the next step'],
        ['dashed other', 'initial'],
        ['dashed good', 'certified'],
      ].map(([name, text]) => h('span', {}, h('i', { class: `swatch ${name}` }), text)),
    )
    const heading = h('h2', { text: 'Objective' })
    this.#body = h(
      'div',
      {},
      this.#summary.element,
      new Toolbar(this.span).element,
      h(
        'section',
        { class: 'card', 'aria-label': 'Objective' },
        h('header', {}, heading, h('span', { class: 'soft', text: 'lower is better' }), this.#key),
        chart.element,
      ),
      h('div', { class: 'section-head' }, h('h2', { text: 'Knobs' }), knobKey),
      this.#knobs,
    )
    this.#empty = h(
      'section',
      { class: 'card empty' },
      h('h2', { text: 'No tuner yet' }),
      h(
        'p',
        {},
        'Give this server one: ',
        h('code', { text: 'server({ tuners: [tuner] })' }),
        '. Its knobs, objective and changes appear here.',
      ),
    )
    this.element = h('div', {}, this.#body, this.#empty)
  }

  offered(): boolean {
    return true
  }

  readonly #ask: Ask = ({ series, fromMs, toMs, buckets, signal }) => {
    const query = new URLSearchParams({
      series: series.join(','),
      from: String(fromMs),
      to: String(toMs),
      buckets: String(buckets),
    })
    return this.#shared.client.get<Range>(`${this.#path}/history?${query}`, signal)
  }

  get #path(): string {
    return `api/v1/tuners/${encodeURIComponent(this.#shared.model.current?.name ?? '')}`
  }

  update(): void {
    const { model } = this.#shared
    const tuner = model.current
    show(this.#body, tuner !== undefined)
    show(this.#empty, tuner === undefined && model.state !== undefined)
    if (tuner === undefined) return
    if (this.#run !== `${tuner.name} ${tuner.runId}`) this.#begin(tuner)
    const changes = model.changesOf(tuner.name)
    this.#summary.update(tuner)
    this.#objective.picture.changes = changes
    keyed(
      this.#knobs,
      tuner.knobs,
      ({ name }) => `${tuner.name} ${name}`,
      (knob) => this.#card(knob).element,
      (_, knob) => this.#card(knob).update(tuner, knob, changes, model.operable),
    )
    this.#take(tuner)
    this.#objective.chart.invalidate()
  }

  /** Another tuner, or another run of the same one. */
  #begin(tuner: TunerState): void {
    this.#run = `${tuner.name} ${tuner.runId}`
    for (const card of this.#cards.values()) card.close()
    this.#cards.clear()
    this.#knobs.replaceChildren()
    this.#objective.track.forget()
    this.#lastMs = tuner.window?.atMs ?? 0
    this.#freshMs = 0
    void this.#reach()
  }

  #card(knob: TunerState['knobs'][number]): KnobCard {
    let card = this.#cards.get(knob.name)
    if (card === undefined) {
      card = new KnobCard(this.#shared, knob, this.span, this.#ask)
      this.#cards.set(knob.name, card)
    }
    return card
  }

  async #reach(): Promise<void> {
    try {
      const { firstMs, lastMs, points } = await this.#shared.client.get<SeriesList>(`${this.#path}/series`)
      if (firstMs !== null && lastMs !== null && points > 0) this.span.reach(firstMs, lastMs)
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error
    }
  }

  /** The last window, as it comes with the state. */
  #take(tuner: TunerState): void {
    const { window } = tuner
    if (window === null || window.atMs <= this.#lastMs) return
    this.#lastMs = window.atMs
    const valid = window.validity === 'valid'
    this.#objective.track.append(window.atMs, [valid ? (window.objective ?? Number.NaN) : Number.NaN])
    for (const { name, value, baseline } of tuner.knobs)
      this.#cards.get(name)?.track.append(window.atMs, [value, baseline])
    if (this.span.lastMs <= 1) void this.#reach()
    else this.span.reach(this.span.firstMs, Math.max(this.span.lastMs, window.atMs))
    const now = performance.now()
    if (now - this.#freshMs < REFRESH_MS) return
    if (this.#freshMs > 0 && this.span.live) for (const track of this.#tracks()) track.stale()
    this.#freshMs = now
  }

  #tracks(): Track[] {
    return [this.#objective.track, ...[...this.#cards.values()].map(({ track }) => track)]
  }

  repaint(): void {
    this.#objective.chart.repaint()
    for (const { chart } of this.#cards.values()) chart.repaint()
  }

  /** Connected again: what was missed meanwhile is asked for. */
  again(): void {
    for (const track of this.#tracks()) track.stale()
    void this.#reach()
  }
}
