/**
 * What may be asked of a tuner and of a breaker. What protects (`freeze`, `off`, SafeMode, opening a breaker) is always done at once;
 * everything else needs `If-Match` with the entity tag of what the person saw, so that a stale page changes nothing.
 */
import { MODES, VIOLATIONS } from '../../generated/core.js'
import { BREAKER_STATES } from '../../reflex-binding.js'
import { array, integer, maybe, nullable, number, type Of, object, oneOfWords, record, text } from '../schema/schema.js'
import { CONTROL_WORDS, controlWord, mode, safeMode } from './state.js'

const reason = { type: 'string', maxLength: 500, description: 'Why, for the journal.' } as const
const knobName = { type: 'string', minLength: 1, maxLength: 64 } as const
const knobValue = { type: ['number', 'string', 'boolean'], description: 'In the knob’s own terms.' } as const
const generation = integer('Only if this generation is still live.')

const plain = <const C extends string>(command: C, description: string) =>
  object({ command: { const: command }, reason }, ['reason'], description)

export const tunerCommand = {
  title: 'TunerCommand',
  oneOf: [
    object(
      { command: { const: 'rollback' }, generation, reason },
      ['generation', 'reason'],
      'Back to the certified configuration.',
    ),
    object(
      { command: { const: 'freeze' }, knob: knobName, reason },
      ['knob', 'reason'],
      'Holds a knob, or all of them, at the current values.',
    ),
    object({ command: { const: 'unfreeze' }, knob: knobName, reason }, ['knob', 'reason'], 'Lets them move again.'),
    object({ command: { const: 'mode' }, mode: oneOfWords(MODES), reason }, ['reason'], 'How much the tuner may do.'),
    object(
      { command: { const: 'control' }, word: oneOfWords(CONTROL_WORDS), reason },
      ['reason'],
      'The kill switch: `freeze` holds the values, `off` returns to the initial ones, `on` withdraws what was said here.',
    ),
    plain('enter-safe-mode', 'Nothing changes until SafeMode is left by hand.'),
    plain('leave-safe-mode', 'Leaves SafeMode.'),
    object(
      {
        command: { const: 'propose' },
        values: { type: 'object', minProperties: 1, maxProperties: 32, additionalProperties: knobValue },
        generation,
        reason,
      },
      ['generation', 'reason'],
      'Moves knobs by hand, within the guardrails.',
    ),
    object(
      { command: { const: 'trial' }, knob: knobName, value: knobValue, reason },
      ['reason'],
      'Starts an explicit A/B between a knob’s current value and this one.',
    ),
  ],
} as const

export const breakerCommand = {
  title: 'BreakerCommand',
  oneOf: [
    plain('open', 'Opens it now; it recovers by itself.'),
    plain('force-open', 'Refuses every call until `auto`.'),
    plain('disable', 'Lets every call pass until `auto`.'),
    plain('auto', 'Back to itself: closed, with an empty window.'),
  ],
} as const

export type TunerCommand = Of<typeof tunerCommand>
export type BreakerCommand = Of<typeof breakerCommand>
export type CommandName = TunerCommand['command'] | BreakerCommand['command']

/** Whether a command only ever makes things safer. */
export function protects(given: TunerCommand | BreakerCommand): boolean {
  if (given.command === 'control') return given.word !== 'on'
  return ['freeze', 'enter-safe-mode', 'open', 'force-open'].includes(given.command)
}

export const operable = object({
  tuner: text(),
  runId: text(),
  revision: text('The entity tag of this answer, without its quotation marks.'),
  mode,
  control: controlWord,
  safeMode: nullable(safeMode),
  frozen: array(text(), 'Knobs that are frozen.'),
  certified: nullable(record(number()), 'Where a rollback goes; null before anything was certified.'),
  commands: array(text(), 'What can be asked here.'),
})

export const breakerOperable = object({
  component: text(),
  revision: text('The entity tag of this answer, without its quotation marks.'),
  state: oneOfWords(BREAKER_STATES),
  opened: integer('Times that it opened.'),
  commands: array(text(), 'What can be asked here.'),
})

export const operation = object({
  seq: integer('Its number in this run of the server: whoever asks later has a larger one.'),
  entry: nullable(integer(), 'Its place in the journal of operations; null where that did not take it.'),
  atMs: integer('When, in milliseconds since 1970.'),
  actor: text('Name of the token that asked, or `loopback`.'),
  peer: nullable(text(), 'Address that it came from, where that is known.'),
  target: text('`tuner <name>` or `breaker <component>`.'),
  command: record({}, 'What was asked.'),
  outcome: oneOfWords(['done', 'refused', 'failed', 'asked'], '`asked`: what came of it is not known.'),
  violation: nullable(text(), `Why it was refused: ${VIOLATIONS.join(', ')}.`),
  generation: maybe('Of the live values after it.'),
  entries: array(integer(), 'Entries of the tuner’s own journal that it caused.'),
})

export const commandResult = object({
  operation: integer('Its number, `seq`, in the list of operations.'),
  outcome: oneOfWords(['done']),
  generation: maybe('Of the live values after it.'),
  revision: text('The entity tag from now on, without its quotation marks.'),
  entries: array(integer(), 'Entries of the tuner’s own journal that it caused.'),
})

export type Operable = Of<typeof operable>
export type BreakerOperable = Of<typeof breakerOperable>
export type OperationRecord = Of<typeof operation>
export type CommandResult = Of<typeof commandResult>
