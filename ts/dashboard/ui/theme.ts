/** Light, dark, or as the system has it. The choice is kept; `early.ts` obeys it before anything is drawn. */
import { kept, THEME } from '../api/kept.js'
import { attribute, h, say } from '../dom.js'

const THEMES = ['auto', 'light', 'dark'] as const
type Theme = (typeof THEMES)[number]

const chosen = (): Theme => THEMES.find((one) => one === kept('localStorage', THEME)) ?? 'auto'

export class ThemeSwitch {
  readonly element: HTMLButtonElement
  readonly #changed: () => void

  constructor(changed: () => void) {
    this.#changed = changed
    this.element = h('button', { type: 'button', class: 'quiet', on: { click: () => this.next() } })
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changed)
    this.#say(chosen())
  }

  next(): void {
    const theme = THEMES[(THEMES.indexOf(chosen()) + 1) % THEMES.length] as Theme
    try {
      localStorage.setItem(THEME, theme)
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
