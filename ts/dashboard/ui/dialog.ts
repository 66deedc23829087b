/** Questions before something is done. The browser's own dialog: Escape leaves, focus stays inside and goes back after. */

import { ProblemError } from '../api/client.js'
import { type Child, h, say, show } from '../dom.js'
import { words } from '../format.js'

export interface Question {
  readonly title: string
  readonly body: readonly Child[]
  /** What the button says: what will happen, not "OK". */
  readonly verb: string
  readonly danger?: boolean
  /** Whether a reason may be given; it goes to the journal. */
  readonly reason?: boolean
  /** Closes the dialog when it resolves; what it throws is shown, and the person may try again. */
  run(reason: string): Promise<void>
}

export function ask(question: Question): Promise<void> {
  const { title, body, verb, danger = false, reason = true } = question
  const why = h('input', { type: 'text', maxlength: 500, name: 'reason', autocomplete: 'off' })
  const problem = h('div', { class: 'problem', role: 'alert' })
  const act = h('button', { type: 'submit', class: danger ? 'primary danger' : 'primary' }, verb)
  const heading = h('h2', { id: 'dialog-title', text: title })
  const cancel = h('button', { type: 'button', on: { click: () => dialog.close() } }, 'Cancel')
  const form = h(
    'form',
    { method: 'dialog' },
    heading,
    h('div', { class: 'dialog-body' }, ...body),
    reason && h('label', { class: 'field' }, h('span', { text: 'Why, for the journal (optional)' }), why),
    problem,
    h('div', { class: 'dialog-actions' }, cancel, act),
  )
  const dialog = h('dialog', { 'aria-labelledby': 'dialog-title' }, form)
  problem.hidden = true
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    act.disabled = true
    show(problem, false)
    question.run(why.value.trim()).then(
      () => dialog.close(),
      (error: unknown) => {
        problem.replaceChildren(...problemLines(error))
        show(problem, true)
        act.disabled = false
        say(act, 'Try again')
      },
    )
  })
  return open(dialog)
}

export function open(dialog: HTMLDialogElement): Promise<void> {
  return new Promise((resolve) => {
    const before = document.activeElement
    dialog.addEventListener('close', () => {
      dialog.remove()
      if (before instanceof HTMLElement && before.isConnected) before.focus()
      resolve()
    })
    dialog.addEventListener('click', (event) => {
      if (event.target === dialog) dialog.close()
    })
    document.body.append(dialog)
    dialog.showModal()
  })
}

const VIOLATIONS: Readonly<Record<string, string>> = {
  'delta-too-large': 'The step is larger than the guardrails allow for one update.',
  'rate-limit-exceeded': 'There were too many updates just now: try again in a moment.',
  'out-of-bounds': 'The value lies outside the knob’s range.',
  'no-baseline': 'Nothing was certified yet, so there is nothing to go back to.',
  closed: 'The tuner has ended: nothing can be asked of it any more.',
  thrashing: 'It went back and forth too often in the last minute.',
  'budget-exhausted': 'The guardrails’ budget for this stretch of time is used up.',
  frozen: 'It is frozen: let it move first.',
  'safe-mode': 'SafeMode is on: leave it first.',
  'stale-generation': 'The values changed since this page showed them: look again.',
}

/** A problem document for people: what, why, and what to do where that is known. */
export function problemLines(error: unknown): HTMLElement[] {
  if (!(error instanceof ProblemError))
    return [h('p', { text: error instanceof Error ? error.message : String(error) })]
  const { title, detail, violation, errors = [] } = error.problem
  const known = violation === undefined ? undefined : VIOLATIONS[violation]
  return [
    h('p', { class: 'problem-title', text: title }),
    h('p', { text: known ?? (violation === undefined ? detail : `Reason: ${words(violation)}.`) }),
    ...errors.map(({ pointer, detail: one }) => h('p', { text: `${pointer} ${one}` })),
    ...(error.kind === 'stale-page'
      ? [h('p', { text: 'The page shows what is so now: try again if you still mean it.' })]
      : []),
  ]
}

export const problemText = (error: unknown): string =>
  problemLines(error)
    .map(({ textContent }) => textContent)
    .join(' ')
