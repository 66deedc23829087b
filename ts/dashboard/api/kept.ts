/** What is kept in the browser, and what `early.ts` leaves to the page. */
import type { Asked } from '../../sse/stream.js'

export const THEME = 'homeostat-theme'
/** For this tab only. */
export const TOKEN = 'homeostat-token'
/** The name on `window` under which the live events wait. */
export const HELD = 'homeostatEarly'

/** The first question for the live events, asked before there was a page. */
export type Held = Asked

/** Null without storage, too. */
export function kept(storage: 'localStorage' | 'sessionStorage', key: string): string | null {
  try {
    return window[storage].getItem(key)
  } catch {
    return null
  }
}

/** Once: whoever takes it has it. */
export function takeHeld(): Held | undefined {
  const all = window as { [HELD]?: Held }
  const held = all[HELD]
  delete all[HELD]
  return held
}
