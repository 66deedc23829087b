/** What surrounds the views: which there are, which is shown, whether there is a connection, theme, keys, and who is asking. */
import { attribute, h, keyed, say, show } from './dom.js'
import type { Connection } from './model.js'
import { Shortcuts } from './ui/shortcuts.js'
import { ThemeSwitch } from './ui/theme.js'
import type { Toasts } from './ui/toast.js'
import { BreakersView } from './views/breakers.js'
import { CascadesView } from './views/cascades.js'
import { ChangesView } from './views/changes.js'
import { OperationsView } from './views/operations.js'
import { QueuesView } from './views/queues.js'
import { SectionView } from './views/sections.js'
import { TunersView } from './views/tuners.js'
import { TuningView } from './views/tuning.js'
import type { Shared, View } from './views/view.js'

const at = (id: string): HTMLElement => document.getElementById(id) as HTMLElement

export class Shell {
  readonly #shared: Shared
  readonly #tuning: TuningView
  readonly #fixed: readonly View[]
  readonly #last: View
  readonly #sections = new Map<string, SectionView>()
  readonly #theme: ThemeSwitch
  readonly #chooser = h('select', { 'aria-label': 'Tuner' })
  readonly #sign: HTMLElement
  readonly #problem = h('p', { class: 'problem' })
  readonly #placeholder = h('section', { class: 'card empty' }, h('p', { text: 'Waiting for the first state …' }))
  #view: View | undefined
  #links = ''

  constructor(shared: Shared, toasts: Toasts, signIn: (token: string) => void) {
    this.#shared = shared
    this.#tuning = new TuningView(shared)
    const changes = new ChangesView(shared)
    this.#fixed = [
      new TunersView(shared),
      this.#tuning,
      changes,
      new BreakersView(shared),
      new CascadesView(shared),
      new QueuesView(shared),
    ]
    this.#last = new OperationsView(shared)
    this.#theme = new ThemeSwitch(() => this.#repaint())
    const shortcuts = new Shortcuts()
    const help = h(
      'button',
      {
        type: 'button',
        class: 'quiet',
        'aria-label': 'Keys',
        title: 'Keys (?)',
        on: { click: () => shortcuts.help() },
      },
      '?',
    )
    at('tools').append(this.#theme.element, help)
    at('tuner').append(this.#chooser)
    this.#chooser.addEventListener('change', () => {
      shared.model.tuner = this.#chooser.value
      shared.model.touch()
    })
    this.#sign = this.#signIn(signIn)
    at('main').append(this.#placeholder, this.#sign)
    document.body.append(toasts.element)
    const { span } = this.#tuning
    for (let i = 1; i <= 9; i++) shortcuts.add({ key: String(i), does: `view ${i}`, run: () => this.#open(i - 1) })
    shortcuts.add(
      { key: 'l', does: 'follow the latest', run: () => span.follow(true) },
      { key: '[', does: 'earlier', run: () => span.pan(-0.5) },
      { key: ']', does: 'later', run: () => span.pan(0.5) },
      { key: '+', does: 'closer', run: () => span.zoom(0.5) },
      { key: '-', does: 'wider', run: () => span.zoom(2) },
      { key: '0', does: 'everything there is', run: () => span.choose(undefined) },
      { key: 'r', does: 'roll back (asks first)', run: () => shared.model.operable && changes.rollback() },
      { key: 'u', does: 'undo what was done last', run: () => toasts.undo() },
      { key: 't', does: 'light, dark, or as the system has it', run: () => this.#theme.next() },
    )
    addEventListener('hashchange', () => this.#show())
    shared.model.listen(() => this.#update())
    setInterval(() => this.#connection(shared.model.connection), 1000)
    this.#update()
  }

  /** The connection is back: what was missed is asked for. */
  again(): void {
    this.#tuning.again()
  }

  get #views(): View[] {
    return [...this.#fixed, ...this.#sections.values(), this.#last].filter((view) => view.offered(this.#shared.model))
  }

  #update(): void {
    const { model } = this.#shared
    for (const name of Object.keys(model.state?.sections ?? {}))
      if (!this.#sections.has(name)) this.#sections.set(name, new SectionView(this.#shared, name))
    const views = this.#views
    const links = views.map(({ id }) => id).join()
    if (links !== this.#links) {
      this.#links = links
      keyed(
        at('views'),
        views,
        ({ id }) => id,
        ({ id, title }) => h('a', { href: `#/${id}`, text: title }),
      )
    }
    this.#tuners()
    this.#connection(model.connection)
    const denied = model.connection.is === 'denied'
    show(this.#sign, denied)
    show(this.#placeholder, !denied && model.state === undefined)
    this.#show()
    if (this.#view !== undefined) this.#view.update()
    const alert = model.state?.tuners.some(({ safeMode }) => safeMode !== null)
    document.title = alert
      ? 'SafeMode · Homeostat'
      : `${model.current?.name ?? ''}${model.current ? ' · ' : ''}Homeostat`
  }

  #tuners(): void {
    const names = this.#shared.model.state?.tuners.map(({ name }) => name) ?? []
    show(this.#chooser, names.length > 1)
    keyed(
      this.#chooser,
      names,
      (name) => name,
      (name) => h('option', { value: name, text: name }),
    )
    const chosen = this.#shared.model.current?.name ?? ''
    if (this.#chooser.value !== chosen) this.#chooser.value = chosen
  }

  /** The view of the address; the first one where it names none. */
  #show(): void {
    const views = this.#views
    const wanted = location.hash.replace(/^#\//, '')
    const ready = this.#shared.model.state !== undefined && this.#shared.model.connection.is !== 'denied'
    const view = ready ? (views.find(({ id }) => id === wanted) ?? views[0]) : undefined
    for (const link of at('views').children)
      attribute(link, 'aria-current', (link as HTMLElement).dataset.key === view?.id && 'page')
    if (view === this.#view) return
    this.#view?.element.remove()
    this.#view = view
    if (view === undefined) return
    at('main').append(view.element)
    this.#reveal(view.id)
    view.update()
    view.shown?.()
    view.repaint?.()
  }

  /** On a narrow screen the row of links is longer than the screen. */
  #reveal(id: string): void {
    const nav = at('views')
    const link = nav.querySelector(`[data-key="${CSS.escape(id)}"]`)
    if (link === null || nav.scrollWidth <= nav.clientWidth) return
    const [box, frame] = [link.getBoundingClientRect(), nav.getBoundingClientRect()]
    nav.scrollLeft += box.left + box.width / 2 - frame.left - frame.width / 2
  }

  #open(i: number): void {
    const view = this.#views[i]
    if (view !== undefined) location.hash = `#/${view.id}`
  }

  #repaint(): void {
    this.#view?.repaint?.()
  }

  #connection(connection: Connection): void {
    const element = at('connection')
    attribute(element, 'data-is', connection.is)
    if (connection.is === 'lost') {
      const s = Math.max(1, Math.ceil((connection.retryAtMs - performance.now()) / 1000))
      say(element, `The process is gone, or cannot be reached. Trying again in ${s} s; what you see is old.`)
    } else if (connection.is === 'denied') say(element, 'A token is needed.')
    else
      say(
        element,
        connection.is === 'live' ? (this.#shared.model.role === 'read' ? 'live, read only' : 'live') : 'connecting …',
      )
    document.body.classList.toggle('old', connection.is === 'lost')
    if (connection.is === 'denied') say(this.#problem, `${connection.title}: ${connection.detail}.`)
  }

  #signIn(signIn: (token: string) => void): HTMLElement {
    const field = h('input', { type: 'password', autocomplete: 'off', required: true, name: 'token', minlength: 24 })
    const form = h(
      'form',
      { class: 'sign' },
      h('h2', { text: 'Who are you?' }),
      h('p', { text: 'This server answers who has a token. It is kept in this tab only.' }),
      h('label', { class: 'field' }, h('span', { text: 'Token' }), field),
      this.#problem,
      h('div', { class: 'dialog-actions' }, h('button', { type: 'submit', class: 'primary' }, 'Look')),
    )
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      signIn(field.value.trim())
      field.value = ''
    })
    return h('section', { class: 'card' }, form)
  }
}
