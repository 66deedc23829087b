/** Where a tuner stands in a few figures, and what can be asked of all of it. */
import type { TunerState } from '../../server/api/state.js'
import { attribute, h, say, show } from '../dom.js'
import { micros, number, span, words } from '../format.js'
import type { Shared } from './view.js'

const CONTROL_WORDS = ['on', 'freeze', 'off'] as const
const MODES = ['observe', 'recommend', 'auto'] as const

export class Summary {
  readonly element: HTMLElement
  readonly #shared: Shared
  readonly #alert = h('div', { class: 'banner guard', role: 'status' })
  readonly #alertText = h('p')
  readonly #figures: Readonly<
    Record<'objective' | 'latency' | 'traffic' | 'changed', readonly [HTMLElement, HTMLElement]>
  >
  readonly #mode: HTMLSelectElement
  readonly #control: HTMLSelectElement
  readonly #rollback: HTMLButtonElement
  readonly #freeze: HTMLButtonElement
  readonly #safe: HTMLButtonElement
  readonly #leave: HTMLButtonElement
  #tuner: TunerState | undefined

  constructor(shared: Shared) {
    this.#shared = shared
    const { actions } = shared
    const button = (text: string, run: (tuner: TunerState) => void, kind = ''): HTMLButtonElement =>
      h('button', { type: 'button', class: kind, on: { click: () => this.#tuner && run(this.#tuner) } }, text)
    const back = (): void => this.#tuner && this.update(this.#tuner)
    this.#mode = h('select', {}, ...MODES.map((text) => h('option', { value: text, text })))
    this.#mode.addEventListener('change', () => {
      if (this.#tuner) actions.mode(this.#tuner, this.#mode.value as TunerState['mode'], back)
    })
    this.#control = h('select', {}, ...CONTROL_WORDS.map((text) => h('option', { value: text, text })))
    this.#control.addEventListener('change', () => {
      if (this.#tuner) actions.control(this.#tuner, this.#control.value as TunerState['control'], back)
    })
    this.#rollback = button('Roll back …', (tuner) => actions.rollback(tuner))
    this.#freeze = button('Freeze all', (tuner) => {
      if (tuner.knobs.every(({ frozen }) => frozen)) actions.unfreeze(tuner)
      else actions.freeze(tuner)
    })
    this.#safe = button('SafeMode', (tuner) => actions.enterSafeMode(tuner))
    this.#leave = button('Leave SafeMode …', (tuner) => actions.leaveSafeMode(tuner), 'primary')
    this.#alert.append(this.#alertText, this.#leave)
    this.#figures = {
      objective: [h('p', { class: 'number' }), h('p', { class: 'soft' })],
      latency: [h('p', { class: 'number' }), h('p', { class: 'soft' })],
      traffic: [h('p', { class: 'number' }), h('p', { class: 'soft' })],
      changed: [h('p', { class: 'number' }), h('p', { class: 'soft' })],
    }
    const titles = { objective: 'Objective', latency: 'Latency p99', traffic: 'Traffic', changed: 'Generation' }
    this.element = h(
      'section',
      { 'aria-label': 'Where it stands' },
      this.#alert,
      h(
        'div',
        { class: 'card figures' },
        ...Object.entries(this.#figures).map(([key, lines]) =>
          h('div', {}, h('h2', { text: titles[key as keyof typeof titles] }), ...lines),
        ),
      ),
      h(
        'div',
        { class: 'commands' },
        h('label', {}, h('span', { text: 'Mode' }), this.#mode),
        h('label', {}, h('span', { text: 'Kill switch' }), this.#control),
        h('span', { class: 'actions' }, this.#freeze, this.#safe, this.#rollback),
      ),
    )
  }

  rollback(): void {
    if (this.#tuner && !this.#rollback.disabled) this.#shared.actions.rollback(this.#tuner)
  }

  update(tuner: TunerState): void {
    this.#tuner = tuner
    const { operable, state } = this.#shared.model
    this.#tell(tuner, Math.max(state?.atMs ?? 0, tuner.window?.atMs ?? 0))
    this.#warn(tuner)
    for (const [select, value] of [
      [this.#mode, tuner.mode],
      [this.#control, tuner.control],
    ] as const) {
      if (document.querySelector('dialog[open]') === null && select.value !== value) select.value = value
      select.disabled = !operable
    }
    const frozen = tuner.knobs.length > 0 && tuner.knobs.every((knob) => knob.frozen)
    say(this.#freeze, frozen ? 'Unfreeze all' : 'Freeze all')
    for (const one of [this.#freeze, this.#leave]) one.disabled = !operable
    this.#safe.disabled = !operable || tuner.safeMode !== null
    const certified = tuner.knobs.some((knob) => knob.certified !== null)
    this.#rollback.disabled = !operable || !certified
    attribute(
      this.#rollback,
      'title',
      certified ? undefined : 'Nothing was certified yet: there is nothing to go back to',
    )
  }

  #tell(tuner: TunerState, nowMs: number): void {
    const { objective, window, generation, windows, validWindows, changedAtMs } = tuner
    const put = (key: 'objective' | 'latency' | 'traffic' | 'changed', figure: string, note: string): void => {
      const [big, small] = this.#figures[key]
      say(big, figure)
      say(small, note)
    }
    const { mean, low, high } = objective
    const sure =
      low === null || high === null ? 'not enough windows yet' : `${number(low)} to ${number(high)}, 95 % sure`
    put('objective', number(mean), sure)
    put('latency', micros(window?.latencyP99Us), window === null ? 'no window yet' : marginOf(window.constraintMargin))
    put(
      'traffic',
      window?.throughputRps == null ? '–' : `${number(window.throughputRps)}/s`,
      window === null ? '' : `${number(window.samples)} samples in the last window`,
    )
    const since = changedAtMs === null ? '' : `changed ${span(nowMs - changedAtMs)} ago · `
    put('changed', number(generation), `${since}${number(validWindows)} of ${number(windows)} windows taught`)
  }

  #warn(tuner: TunerState): void {
    const { safeMode, failure, journal, control } = tuner
    const text =
      failure !== null
        ? `The tuner has stopped for good: ${failure} Its knobs are at their initial values.`
        : safeMode !== null
          ? `SafeMode since ${words(safeMode.reason)}: nothing changes${safeMode.remainingMs === null ? ' until somebody leaves it' : ` for another ${span(safeMode.remainingMs)}`}.`
          : journal.failure !== null
            ? `The journal cannot be written: ${journal.failure}`
            : control !== 'on'
              ? `The kill switch stands at “${control}”: ${control === 'off' ? 'initial values hold' : 'present values hold'}.`
              : ''
    say(this.#alertText, text)
    show(this.#alert, text !== '')
    show(this.#leave, safeMode !== null && failure === null)
  }
}

function marginOf(margin: number | null): string {
  if (margin === null) return 'no constraint measured'
  return margin < 0
    ? `a constraint is missed by ${number(-margin * 100)} %`
    : `${number(margin * 100)} % below the nearest limit`
}
