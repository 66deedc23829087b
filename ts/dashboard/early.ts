/**
 * Before anything is drawn: the theme that was chosen, so that nothing flashes, and the question for the state of things, so that the
 * answer is there when the page is. The page itself is begun once its frame has been painted: building it takes longer than that.
 */
import { HELD, type Held, kept, THEME, TOKEN } from './api/kept.js'

const theme = kept('localStorage', THEME)
if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme

const token = kept('sessionStorage', TOKEN)
const headers = { accept: 'text/event-stream', ...(token !== null && { authorization: `Bearer ${token}` }) }
const stop = new AbortController()
const answer = fetch('api/v1/events', { headers, signal: stop.signal, credentials: 'omit', cache: 'no-store' })
// Whoever takes it hears of it.
answer.catch(() => {})
Object.assign(window, { [HELD]: { answer, stop } satisfies Held })

let begun = false
function begin(): void {
  if (begun) return
  begun = true
  void import((document.querySelector('link[rel=modulepreload]') as HTMLLinkElement).href)
}
// Told when the frame stands on the screen, where that is known. A page that nobody looks at has no frames.
new PerformanceObserver(begin).observe({ type: 'paint', buffered: true })
addEventListener('DOMContentLoaded', () => (document.hidden ? begin() : setTimeout(begin, 300)))
