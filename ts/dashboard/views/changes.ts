/** Every change with its evidence, the newest first. Arrow keys go through the list, Enter opens one. */
import type { Change, TunerState } from '../../server/api/state.js'
import { attribute, h, keyed, say, show } from '../dom.js'
import { changeWord, clock, day, knobValue, toneOf, words } from '../format.js'
import { problemText } from '../ui/dialog.js'
import { roving } from '../ui/roving.js'
import { evidence } from './evidence.js'
import type { Shared, View } from './view.js'

const FILTERS = {
  'without probes': undefined,
  all: undefined,
  'changes of values': ['applied', 'rolledBack', 'operator', 'pushFailed'],
  refused: ['rejected'],
  'safety and people': [
    'safeMode',
    'recovered',
    'regression',
    'drift',
    'control',
    'mode',
    'frozen',
    'unfrozen',
    'certified',
  ],
} as const satisfies Record<string, readonly Change['type'][] | undefined>
type Filter = keyof typeof FILTERS

const PAGE = 100
const SHOWN = 200

export class ChangesView implements View {
  readonly id = 'changes'
  readonly title = 'Changes'
  readonly element: HTMLElement
  readonly #shared: Shared
  readonly #list = h('ol', { class: 'changes' })
  readonly #older: HTMLButtonElement
  readonly #problem = h('p', { class: 'problem', role: 'alert' })
  readonly #empty = h('p', { class: 'empty-line' })
  readonly #rollback: HTMLButtonElement
  readonly #filters: readonly HTMLButtonElement[]
  readonly #ended = new Set<string>()
  /** Where the last page with probes ended: without them more may be known already. */
  readonly #ends = new Map<string, Change>()
  #filter: Filter = 'without probes'
  #shown = SHOWN

  constructor(shared: Shared) {
    this.#shared = shared
    this.#rollback = h('button', { type: 'button', on: { click: () => this.rollback() } }, 'Roll back …')
    this.#older = h('button', { type: 'button', class: 'older', on: { click: () => void this.#loadOlder() } }, 'Older')
    this.#filters = (Object.keys(FILTERS) as Filter[]).map((name) =>
      h(
        'button',
        { type: 'button', 'aria-pressed': String(name === 'without probes'), on: { click: () => this.#choose(name) } },
        name,
      ),
    )
    const bar = h(
      'div',
      { class: 'toolbar', role: 'toolbar', 'aria-label': 'Which changes' },
      h('span', { class: 'group' }, ...this.#filters),
    )
    roving(bar, 'button')
    roving(this.#list, '.change > summary', 'down')
    show(this.#problem, false)
    this.element = h(
      'div',
      {},
      h(
        'div',
        { class: 'section-head' },
        h('h2', { text: 'Changes' }),
        bar,
        h('span', { class: 'actions' }, this.#rollback),
      ),
      h(
        'section',
        { class: 'card list', 'aria-label': 'Changes, the newest first' },
        this.#list,
        this.#empty,
        this.#problem,
        this.#older,
      ),
    )
  }

  offered(): boolean {
    return true
  }

  rollback(): void {
    const { model, actions } = this.#shared
    if (model.current !== undefined) actions.rollback(model.current)
  }

  update(): void {
    const { model } = this.#shared
    const tuner = model.current
    const types = FILTERS[this.#filter] as readonly string[] | undefined
    const probes = this.#filter !== 'without probes'
    const all = tuner === undefined ? [] : this.#whole(tuner, probes)
    const wanted = all.filter(({ type, kind }) => (types?.includes(type) ?? true) && (probes || kind !== 'probe'))
    const end = tuner === undefined ? '' : key(tuner, probes)
    this.#rollback.disabled = !model.operable || !(tuner?.knobs.some(({ certified }) => certified !== null) ?? false)
    keyed(
      this.#list,
      wanted.slice(0, this.#shown),
      ({ tuner: name, runId, seq }) => `${name} ${runId} ${seq}`,
      (change) => this.#item(change),
      (element, change) => standing(element, change),
    )
    this.#runs(wanted.slice(0, this.#shown), tuner)
    const none =
      tuner === undefined
        ? 'No tuner, hence no changes.'
        : 'Nothing of this kind yet: the tuner still looks on, or others are hidden by the choice above.'
    say(this.#empty, wanted.length === 0 && model.state !== undefined ? none : '')
    show(this.#older, tuner !== undefined && !(this.#ended.has(end) && wanted.length <= this.#shown) && all.length > 0)
  }

  #choose(name: Filter): void {
    this.#filter = name
    this.#shown = SHOWN
    for (const one of this.#filters) attribute(one, 'aria-pressed', String(one.textContent === name))
    this.update()
  }

  /** Where a run before begins, it is said: what follows was decided by another start of the process. */
  #runs(shown: readonly Change[], tuner: TunerState | undefined): void {
    const items = this.#list.children
    shown.forEach(({ runId }, i) => {
      const item = items[i] as Element
      const first = runId !== (i === 0 ? tuner?.runId : shown[i - 1]?.runId)
      const there = item.firstElementChild?.className === 'run'
      if (first && !there) item.prepend(h('p', { class: 'run', text: `An earlier run, ${runId}` }))
      else if (!first && there) item.firstElementChild?.remove()
    })
  }

  async #loadOlder(): Promise<void> {
    const { model, client } = this.#shared
    const tuner = model.current
    if (tuner === undefined) return
    const known = model.changesOf(tuner.name)
    const probes = this.#filter !== 'without probes'
    const end = key(tuner, probes)
    const oldest = (probes && this.#end(tuner, known)) || known.at(-1)
    const query = new URLSearchParams({ limit: String(PAGE), probes: String(probes) })
    if (oldest !== undefined) query.set('before', String(oldest.seq))
    if (oldest !== undefined) query.set('run', oldest.runId)
    this.#shown += PAGE
    show(this.#problem, false)
    try {
      const path = `api/v1/tuners/${encodeURIComponent(tuner.name)}/changes?${query}`
      const { changes } = await client.get<{ changes: Change[] }>(path)
      const last = changes.at(-1)
      if (probes && last !== undefined) this.#ends.set(end, last)
      if (changes.length < PAGE) this.#ended.add(end)
      model.addChanges(tuner.name, changes, true)
    } catch (error) {
      say(this.#problem, problemText(error))
      show(this.#problem, true)
    }
    this.update()
  }

  /** Up to where probes are known: behind that, the list would look whole and be none. */
  #whole(tuner: TunerState, probes: boolean): readonly Change[] {
    const known = this.#shared.model.changesOf(tuner.name)
    if (!probes || this.#ended.has(key(tuner, probes))) return known
    const end = this.#end(tuner, known)
    const at = end === undefined ? -1 : known.findIndex((one) => same(one, end))
    return at < 0 ? known : known.slice(0, at + 1)
  }

  #end(tuner: TunerState, known: readonly Change[]): Change | undefined {
    return this.#ends.get(key(tuner, true)) ?? known.findLast(({ kind }) => kind === 'probe')
  }

  #item(change: Change): HTMLElement {
    const { model } = this.#shared
    const tuner = model.state?.tuners.find(({ name }) => name === change.tuner)
    const details = h('details', { class: 'change' })
    details.append(
      h(
        'summary',
        {},
        h('time', { datetime: new Date(change.atMs).toISOString(), title: day(change.atMs), text: clock(change.atMs) }),
        h('span', { class: `chip ${toneOf(change.type)}`, text: changeWord(change.type) }),
        h('span', { class: 'what', text: whatOf(change, tuner) }),
        h('span', { class: 'standing soft' }),
      ),
    )
    // Only what somebody opens is made: a list may have thousands.
    details.addEventListener('toggle', () => {
      if (!details.open || details.childElementCount > 1) return
      const place = {
        'journal entry': change.seq,
        generation: change.generation,
        proposal: change.proposalId,
        run: change.runId,
      }
      details.append(h('div', { class: 'detail' }, evidence(inWords(change, tuner)), evidence(place)))
    })
    return h('li', {}, details)
  }
}

const key = ({ name, runId }: TunerState, probes: boolean): string => `${name} ${runId} ${probes}`

const same = (a: Change, b: Change): boolean => a.runId === b.runId && a.seq === b.seq

function standing(element: Element, change: Change): void {
  const place = element.querySelector('.standing')
  if (place === null) return
  const text = change.standing === null ? '' : words(change.standing)
  say(place, text)
  place.classList.toggle('live', change.standing === 'live')
}

/** Values of knobs as their knobs say them. */
function inWords({ evidence: given }: Change, tuner: TunerState | undefined): Change['evidence'] {
  const { values } = given
  if (typeof values !== 'object' || values === null || Array.isArray(values)) return given
  const said = Object.entries(values).map(([name, value]) => {
    const knob = tuner?.knobs.find((one) => one.name === name)
    return [name, knob === undefined || typeof value !== 'number' ? value : knobValue(knob, value)]
  })
  return { ...given, values: Object.fromEntries(said) }
}

export function whatOf(change: Change, tuner: TunerState | undefined): string {
  const moves = change.knobs.map(({ name, from, to }) => {
    const knob = tuner?.knobs.find((one) => one.name === name) ?? { kind: 'number' as const }
    return `${name} ${knobValue(knob, from)} → ${knobValue(knob, to)}`
  })
  if (moves.length > 0) return `${moves.join(', ')}${change.kind === null ? '' : ` (${words(change.kind)})`}`
  const { evidence: known } = change
  const said = ['violation', 'reason', 'word', 'mode', 'knob', 'message', 'outcome']
    .map((name) => known[name])
    .find((value) => typeof value === 'string')
  return typeof said === 'string' ? words(said) : ''
}
