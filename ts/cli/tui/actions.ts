/**
 * What can be asked for from here. Everything asks first and says what will happen; each command carries the entity tag of what the
 * person saw, so that a screen that is behind changes nothing.
 */
import { knobValue, words } from '../../dashboard/format.js'
import type { Operable, TunerCommand } from '../../server/api/commands.js'
import type { KnobState, TunerState } from '../../server/api/state.js'
import type { Prompt } from './draw/view.js'

export interface Wanted extends Prompt {
  readonly tuner: string
  readonly revision: string
  readonly command: TunerCommand
  /** What is said when it was done. */
  readonly done: string
}

export type Asked = 'freeze-knob' | 'freeze-all' | 'rollback' | 'safe-mode'

const REASON = 'from the terminal'

/** What a key means now, or why it means nothing. */
export function wanted(asked: Asked, tuner: TunerState, knob: KnobState | undefined, can: Operable): Wanted | string {
  if (tuner.ended === true || can.commands.length === 0)
    return can.commands.length === 0 && tuner.source === 'journal'
      ? 'only the process that holds this tuner can do that; a control file lets this one freeze it (--control)'
      : `${tuner.name} has ended`
  const made = makers[asked](tuner, knob, can)
  if (typeof made === 'string') return made
  if (!can.commands.includes(made.command.command)) return 'that cannot be asked for here'
  return { ...made, tuner: tuner.name, revision: can.revision }
}

type Made = Omit<Wanted, 'tuner' | 'revision'>

const makers: Readonly<
  Record<Asked, (tuner: TunerState, knob: KnobState | undefined, can: Operable) => Made | string>
> = {
  'freeze-knob': (_, knob, can) => {
    if (knob === undefined) return 'there is no knob to freeze'
    const { name } = knob
    if (!can.commands.includes('freeze')) return 'from here all knobs are frozen together: F'
    return can.frozen.includes(name)
      ? {
          question: `Let ${name} move again?`,
          detail: [],
          command: { command: 'unfreeze', knob: name, reason: REASON },
          done: `${name} may move again`,
        }
      : {
          question: `Freeze ${name} at ${knobValue(knob, knob.value)}?`,
          detail: [],
          command: { command: 'freeze', knob: name, reason: REASON },
          done: `${name} is frozen at its present value`,
        }
  },
  'freeze-all': (tuner, _, can) => {
    // The journal of another process is commanded by its control file alone.
    if (!can.commands.includes('freeze')) {
      const word = tuner.control === 'freeze' ? 'on' : 'freeze'
      return {
        question: word === 'on' ? `Let ${tuner.name} work again?` : `Freeze every knob of ${tuner.name}?`,
        detail: ['This writes its control file.'],
        command: { command: 'control', word, reason: REASON },
        done: `the control file says ${word}`,
      }
    }
    const frozen = tuner.knobs.every(({ name }) => can.frozen.includes(name))
    return frozen
      ? {
          question: `Let every knob of ${tuner.name} move again?`,
          detail: [],
          command: { command: 'unfreeze', reason: REASON },
          done: 'every knob may move again',
        }
      : {
          question: `Freeze every knob of ${tuner.name} at its present value?`,
          detail: [],
          command: { command: 'freeze', reason: REASON },
          done: 'every knob is frozen',
        }
  },
  rollback: (tuner, _, { certified }) => {
    if (certified === null) return 'nothing was certified yet: there is nothing to go back to'
    const moves = tuner.knobs
      .filter(({ name, value }) => certified[name] !== undefined && certified[name] !== value)
      .map((knob) => `${knob.name}: ${knobValue(knob, knob.value)} → ${knobValue(knob, certified[knob.name])}`)
    return {
      question: `Roll ${tuner.name} back to what was certified?`,
      detail: moves.length === 0 ? ['No value differs from it now.'] : moves,
      command: { command: 'rollback', reason: REASON },
      done: `${tuner.name} was rolled back`,
    }
  },
  'safe-mode': (tuner, _, { safeMode }) =>
    safeMode === null
      ? {
          question: `Put ${tuner.name} into SafeMode?`,
          detail: ['Nothing changes until somebody leaves it.'],
          command: { command: 'enter-safe-mode', reason: REASON },
          done: `${tuner.name} is in SafeMode`,
        }
      : {
          question: `Leave SafeMode of ${tuner.name}?`,
          detail: [`It was entered since: ${words(safeMode.reason)}. Knobs may move again.`],
          command: { command: 'leave-safe-mode', reason: REASON },
          done: 'SafeMode was left',
        },
}
