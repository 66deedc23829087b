/** Light, dark, or as the system has it. The choice is kept; `early.ts` obeys it before anything is drawn. */
import { attribute, h, say } from '../dom.js'

const THEMES = ['auto', 'light', 'dark'] as const
type Theme = (typeof THEMES)[number]
const KEY = 'homeostat-theme'

function kept(): Theme {
  try {
    return THEMES.find((one) => one === localStorage.getItem(KEY)) ?? 'auto'
  } catch {
    return 'auto'
  }
}

export class ThemeSwitch {
  readonly element: HTMLButtonElement
  readonly #changed: () => void

  constructor(changed: () => void) {
    this.#changed = changed
    this.element = h('button', { type: 'button', class: 'quiet', on: { click: () => this.next() } })
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changed)
    this.#say(kept())
  }

  next(): void {
    const theme = THEMES[(THEMES.indexOf(kept()) + 1) % THEMES.length] as Theme
    try {
      localStorage.setItem(KEY, theme)
    } catch {
      // Without storage it lasts as long as the page.
    }
    attribute(document.documentElement, 'data-theme', theme === 'auto' ? undefined : theme)
    this.#say(theme)
    this.#changed()
  }

  #say(theme: Theme): void {
    const picture = { auto: '◐', light: '☀', dark: '☾' }[theme]
    say(this.element, picture)
    attribute(this.element, 'aria-label', `Theme: ${theme}. Change it`)
    attribute(this.element, 'title', `Theme: ${theme} (T)`)
  }
}
