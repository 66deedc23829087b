/** One stop for Tab in a group; arrow keys, Home and End move within it. */
import { attribute } from '../dom.js'

export function roving(group: HTMLElement, selector: string, keys: 'across' | 'down' = 'across'): void {
  const items = (): HTMLElement[] => [...group.querySelectorAll<HTMLElement>(selector)].filter((one) => !one.hidden)
  const settle = (chosen?: HTMLElement): void => {
    const all = items()
    const stop = chosen ?? all.find((one) => one.tabIndex === 0 && one.hasAttribute('tabindex')) ?? all[0]
    for (const one of all) attribute(one, 'tabindex', one === stop ? 0 : -1)
  }
  const [back, on] = keys === 'across' ? ['ArrowLeft', 'ArrowRight'] : ['ArrowUp', 'ArrowDown']
  group.addEventListener('keydown', (event) => {
    const all = items()
    const i = all.indexOf(event.target as HTMLElement)
    if (i < 0) return
    const next = { [back]: i - 1, [on]: i + 1, Home: 0, End: all.length - 1 }[event.key]
    if (next === undefined) return
    event.preventDefault()
    all[Math.min(all.length - 1, Math.max(0, next))]?.focus()
  })
  group.addEventListener('focusin', (event) => {
    const target = (event.target as HTMLElement).closest<HTMLElement>(selector)
    if (target !== null) settle(target)
  })
  new MutationObserver(() => settle()).observe(group, { childList: true, subtree: true })
  settle()
}
