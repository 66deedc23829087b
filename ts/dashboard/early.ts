/**
 * Before anything is drawn: the theme that was chosen, so that nothing flashes. Everything else waits until the frame of the page stands on
 * the screen, since a browser's new process has enough to do until then: the question for the state of things, so that the answer is
 * there when the page is, and the page itself.
 */
import { HELD, type Held, kept, THEME, TOKEN } from './api/kept.js'

const theme = kept('localStorage', THEME)
if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme

/** Longest wait for the frame: a browser may not tell, and a page that nobody looks at has none. */
const FRAME_MS = 300

let begun = false
function begin(): void {
  if (begun) return
  begun = true
  const token = kept('sessionStorage', TOKEN)
  const headers = { accept: 'text/event-stream', ...(token !== null && { authorization: `Bearer ${token}` }) }
  const stop = new AbortController()
  const answer = fetch('api/v1/events', { headers, signal: stop.signal, credentials: 'omit', cache: 'no-store' })
  // Whoever takes it hears of it.
  answer.catch(() => {})
  Object.assign(window, { [HELD]: { answer, stop } satisfies Held })
  void import(new URL(document.documentElement.dataset.app as string, document.baseURI).href)
}
// The first frame may be the ground alone, before there is any content.
new PerformanceObserver((list) => {
  if (list.getEntriesByName('first-contentful-paint').length > 0) begin()
}).observe({ type: 'paint', buffered: true })
addEventListener('DOMContentLoaded', () => (document.hidden ? begin() : setTimeout(begin, FRAME_MS)))
