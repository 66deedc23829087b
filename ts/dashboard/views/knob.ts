/** One knob: its value over time within its guardrail band, and what can be asked of it. */
import type { Change, TunerState } from '../../server/api/state.js'
import { Chart } from '../chart/chart.js'
import type { Span } from '../chart/span.js'
import { type Ask, Track } from '../chart/track.js'
import { h, say, show } from '../dom.js'
import { knobValue, number, percent } from '../format.js'
import { KnobPicture } from './pictures.js'
import type { Shared } from './view.js'

type KnobState = TunerState['knobs'][number]

export class KnobCard {
  readonly element: HTMLElement
  readonly track: Track
  readonly chart: Chart
  readonly #picture: KnobPicture
  readonly #value = h('strong', { class: 'value' })
  readonly #band = h('span', { class: 'soft' })
  readonly #chips = h('span', { class: 'chips' })
  readonly #advice = h('p', { class: 'advice' })
  readonly #freeze: HTMLButtonElement
  readonly #set: HTMLButtonElement
  #tuner: TunerState | undefined
  #knob: KnobState

  constructor(shared: Shared, knob: KnobState, span: Span, ask: Ask) {
    this.#knob = knob
    const { actions } = shared
    this.track = new Track([`knob.${knob.name}`, `baseline.${knob.name}`], ask, () => this.chart.invalidate())
    this.#picture = new KnobPicture(this.track, span, knob)
    const { name, kind } = knob
    this.chart = new Chart({ label: name, kind, height: 180, span, picture: this.#picture })
    this.#freeze = h('button', { type: 'button' })
    this.#freeze.addEventListener('click', () => {
      if (this.#tuner === undefined) return
      if (this.#knob.frozen) actions.unfreeze(this.#tuner, name)
      else actions.freeze(this.#tuner, name)
    })
    this.#set = h('button', { type: 'button', 'aria-label': `Set ${name}` }, 'Set')
    this.#set.addEventListener('click', () => this.#tuner && actions.propose(this.#tuner, name))
    this.element = h(
      'article',
      { class: 'card knob', 'aria-label': `Knob ${name}` },
      h(
        'header',
        {},
        h('h3', { text: name }),
        this.#value,
        this.#chips,
        h('span', { class: 'actions' }, this.#set, this.#freeze),
      ),
      this.#band,
      this.chart.element,
      this.#advice,
    )
  }

  /** Nobody shows it again: what it holds and asks for ends with it. */
  close(): void {
    this.chart.close()
    this.track.forget()
  }

  update(tuner: TunerState, knob: KnobState, changes: readonly Change[], operable: boolean): void {
    this.#tuner = tuner
    this.#knob = knob
    this.#picture.knob = knob
    this.#picture.step = Number(tuner.guardrails.max_delta ?? 0)
    this.#picture.changes = changes
    say(this.#value, knobValue(knob, knob.value))
    const { low, high } = knob.band
    const inner = `next step ${knobValue(knob, low)} to ${knobValue(knob, high)}`
    say(
      this.#band,
      `${inner} · range ${knobValue(knob, knob.min)} to ${knobValue(knob, knob.max)}, ${percent(knob.unit)} up`,
    )
    const chips = [
      knob.frozen && 'frozen',
      knob.learn === 'hold' && 'held',
      knob.learn === 'shadow' && 'shadow',
    ].filter(Boolean)
    if (this.#chips.textContent !== chips.join(''))
      this.#chips.replaceChildren(
        ...chips.map((text) => h('span', { class: `chip ${text === 'frozen' ? 'guard' : ''}`, text: String(text) })),
      )
    say(this.#freeze, knob.frozen ? 'Unfreeze' : 'Freeze')
    this.#freeze.setAttribute('aria-label', knob.frozen ? `Unfreeze ${knob.name}` : `Freeze ${knob.name}`)
    this.#freeze.disabled = !operable
    this.#set.disabled = !operable
    const advice = adviceOf(knob)
    say(this.#advice, advice)
    show(this.#advice, advice !== '')
    this.chart.invalidate()
  }
}

/** What the tuner would say of a knob. */
function adviceOf(knob: KnobState): string {
  const { advice, recommended, wouldProbe, shadow, model, certified, initial } = knob
  const said = [
    advice,
    recommended !== undefined && `Recommended: ${knobValue(knob, recommended)}.`,
    wouldProbe !== undefined &&
      wouldProbe.length > 0 &&
      `Would probe ${wouldProbe.map((one) => knobValue(knob, one)).join(', ')}.`,
    shadow?.target != null && `The same traffic points to ${knobValue(knob, shadow.target)}.`,
    model !== undefined &&
      Number.isFinite(model.gradient) &&
      `Slope ${number(model.gradient)} ± ${number(model.error)} per range.`,
    `Initially ${knobValue(knob, initial)}; certified ${knobValue(knob, certified)}.`,
  ]
  return said.filter(Boolean).join(' ')
}
