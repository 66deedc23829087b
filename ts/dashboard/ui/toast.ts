/** What was done, for a while, with a way back where there is one. Held while somebody points at it or has focus in it. */
import { h } from '../dom.js'

const SHOWN_MS = 12_000
const MOST = 4

export class Toasts {
  readonly element: HTMLElement = h('div', {
    class: 'toasts',
    role: 'status',
    'aria-live': 'polite',
    'aria-atomic': 'false',
  })
  #undo: (() => void) | undefined

  show(text: string, undo?: { readonly label: string; run(): void }, bad = false): void {
    const close = (): void => {
      clearTimeout(timer)
      toast.remove()
      if (this.#undo === run) this.#undo = undefined
    }
    const run =
      undo &&
      ((): void => {
        close()
        undo.run()
      })
    const toast = h(
      'div',
      { class: bad ? 'toast bad' : 'toast' },
      h('span', { text }),
      run && h('button', { type: 'button', class: 'quiet', on: { click: run } }, undo?.label),
      h('button', { type: 'button', class: 'quiet close', 'aria-label': 'Dismiss', on: { click: close } }, '×'),
    )
    let timer = setTimeout(close, SHOWN_MS)
    const hold = (): void => clearTimeout(timer)
    const go = (): void => {
      clearTimeout(timer)
      timer = setTimeout(close, SHOWN_MS)
    }
    for (const event of ['pointerenter', 'focusin']) toast.addEventListener(event, hold)
    for (const event of ['pointerleave', 'focusout']) toast.addEventListener(event, go)
    if (run !== undefined) this.#undo = run
    this.element.append(toast)
    while (this.element.childElementCount > MOST) this.element.firstElementChild?.remove()
  }

  /** Takes back what was done last, where that can still be seen. */
  undo(): void {
    this.#undo?.()
  }
}
