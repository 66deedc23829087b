/** Keys of the whole page. They rest while somebody types, and while a dialog is open. */
import { h } from '../dom.js'
import { open } from './dialog.js'

export interface Shortcut {
  readonly key: string
  readonly does: string
  run(): void
}

const IN_CHARTS: readonly (readonly [string, string])[] = [
  ['← →', 'in a chart: read the values'],
  ['Shift ← →', 'in a chart: earlier, later'],
  ['Drag, Ctrl + wheel', 'in a chart: earlier and later, closer and wider'],
  ['↑ ↓', 'in a list: the next one'],
]

export class Shortcuts {
  readonly #list: Shortcut[] = []

  constructor() {
    addEventListener('keydown', (event) => this.#key(event))
  }

  add(...given: readonly Shortcut[]): void {
    this.#list.push(...given)
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
    const { target } = event
    if (target instanceof Element && target.closest('input, select, textarea, dialog, [contenteditable]') !== null)
      return
    if (document.querySelector('dialog[open]') !== null) return
    if (event.key === '?') this.help()
    else {
      const found = this.#list.find(({ key }) => key === (event.key.length === 1 ? event.key.toLowerCase() : event.key))
      if (found === undefined) return
      found.run()
    }
    event.preventDefault()
  }

  help(): void {
    const row = (keys: string, does: string): readonly HTMLElement[] => [
      h('dt', {}, ...keys.split(' ').map((key) => (/^[+,]$/.test(key) ? key : h('kbd', { text: key })))),
      h('dd', { text: does }),
    ]
    const rows = [
      ...this.#list.map(({ key, does }) => row(key.toUpperCase(), does)),
      ...IN_CHARTS.map(([keys, does]) => row(keys, does)),
      row('?', 'this list'),
      row('Esc', 'leave a dialog'),
    ]
    const dialog = h(
      'dialog',
      { class: 'wide', 'aria-labelledby': 'keys-title' },
      h('h2', { id: 'keys-title', text: 'Keys' }),
      h('dl', { class: 'keys' }, ...rows.flat()),
      h(
        'div',
        { class: 'dialog-actions' },
        h('button', { type: 'button', class: 'primary', on: { click: () => dialog.close() } }, 'Close'),
      ),
    )
    void open(dialog)
  }
}
