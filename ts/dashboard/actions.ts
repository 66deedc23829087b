/**
 * What a person can ask for. What protects is done at once and can be taken back; everything else asks first. Each command says which
 * state the person was looking at, so that a page that is behind changes nothing.
 */
import type { BreakerCommand, TunerCommand } from '../server/api/commands.js'
import type { ComponentState, TunerState } from '../server/api/state.js'
import type { Client } from './api/client.js'
import { send } from './api/send.js'
import { h, keyed } from './dom.js'
import { knobValue, words } from './format.js'
import type { Model } from './model.js'
import { ask, problemText } from './ui/dialog.js'
import type { Toasts } from './ui/toast.js'

interface Done {
  readonly said: string
  /** What takes it back, and what is said then. */
  readonly undo?: { readonly command: TunerCommand; readonly said: string } | undefined
}

export class Actions {
  readonly #client: Client
  readonly #model: Model
  readonly #toasts: Toasts

  constructor(client: Client, model: Model, toasts: Toasts) {
    this.#client = client
    this.#model = model
    this.#toasts = toasts
  }

  rollback(tuner: TunerState): void {
    const list = h('ul')
    const seen = (): TunerState => this.#model.state?.tuners.find(({ name }) => name === tuner.name) ?? tuner
    const moved = (): TunerState['knobs'] =>
      seen().knobs.filter(({ certified, value }) => certified !== null && certified !== value)
    const tell = (): void => {
      const lines = moved().map((k) => `${k.name}: ${knobValue(k, k.value)} → ${knobValue(k, k.certified)}`)
      const texts = lines.length === 0 ? ['No value differs from it now: nothing will move.'] : lines
      keyed(
        list,
        texts,
        (text) => text,
        (text) => h('li', { text }),
      )
    }
    tell()
    const stop = this.#model.listen(tell)
    void ask({
      title: `Roll back ${tuner.name}?`,
      verb: 'Roll back',
      body: [h('p', { text: 'Every knob goes back to the configuration that was certified last, at once.' }), list],
      run: (reason) => {
        const before = Object.fromEntries(moved().map((knob) => [knob.name, inOwnTerms(knob, knob.value)]))
        const back: TunerCommand = { command: 'propose', values: before }
        const undo = { command: back, said: 'The values from before are live again.' }
        return this.#do(
          tuner,
          { command: 'rollback', ...because(reason) },
          {
            said: `${tuner.name} was rolled back.`,
            undo: Object.keys(before).length === 0 ? undefined : undo,
          },
        )
      },
    }).then(stop)
  }

  freeze(tuner: TunerState, knob?: string): void {
    const what = knob ?? 'Every knob'
    const one = knob === undefined ? {} : { knob }
    this.#now(
      tuner,
      { command: 'freeze', ...one },
      {
        said: `${what} is frozen at its present value.`,
        undo: { command: { command: 'unfreeze', ...one }, said: `${what} may move again.` },
      },
    )
  }

  unfreeze(tuner: TunerState, knob?: string): void {
    const what = knob ?? 'Every knob'
    const one = knob === undefined ? {} : { knob }
    this.#now(
      tuner,
      { command: 'unfreeze', ...one },
      {
        said: `${what} may move again.`,
        undo: { command: { command: 'freeze', ...one }, said: `${what} is frozen.` },
      },
    )
  }

  enterSafeMode(tuner: TunerState): void {
    this.#now(
      tuner,
      { command: 'enter-safe-mode' },
      {
        said: `${tuner.name} is in SafeMode: nothing changes until you leave it.`,
        undo: { command: { command: 'leave-safe-mode' }, said: 'SafeMode was left.' },
      },
    )
  }

  leaveSafeMode(tuner: TunerState): void {
    const reason = tuner.safeMode?.reason
    void ask({
      title: `Leave SafeMode of ${tuner.name}?`,
      verb: 'Leave SafeMode',
      body: [
        h('p', {
          text:
            reason === undefined
              ? 'Knobs may move again.'
              : `It was entered since: ${words(reason)}. Knobs may move again.`,
        }),
      ],
      run: (why) =>
        this.#do(
          tuner,
          { command: 'leave-safe-mode', ...because(why) },
          {
            said: 'SafeMode was left.',
            undo: { command: { command: 'enter-safe-mode' }, said: 'SafeMode is on again.' },
          },
        ),
    })
  }

  mode(tuner: TunerState, mode: TunerState['mode'], kept: () => void): void {
    const { mode: before } = tuner
    const says = {
      observe: 'It only watches.',
      recommend: 'It says what it would do and changes nothing.',
      auto: 'It changes live values within the guardrails.',
    }
    void ask({
      title: `Mode ${mode} for ${tuner.name}?`,
      verb: `Switch to ${mode}`,
      body: [h('p', { text: says[mode] })],
      run: (why) =>
        this.#do(
          tuner,
          { command: 'mode', mode, ...because(why) },
          {
            said: `${tuner.name} is in mode ${mode}.`,
            undo: { command: { command: 'mode', mode: before }, said: `Mode ${before} again.` },
          },
        ),
    }).then(kept)
  }

  control(tuner: TunerState, word: TunerState['control'], kept: () => void): void {
    const says = {
      on: 'What was said here is withdrawn: the tuner may work again.',
      freeze: 'Every value stays as it is.',
      off: 'Every knob returns to its initial value at once, and stays there.',
    }
    void ask({
      title: `Kill switch to “${word}”?`,
      verb: word === 'on' ? 'Let it work' : word === 'off' ? 'Switch off' : 'Freeze',
      danger: word === 'off',
      body: [h('p', { text: says[word] })],
      run: (why) =>
        this.#do(
          tuner,
          { command: 'control', word, ...because(why) },
          {
            said: `The kill switch stands at “${word}”.`,
            undo:
              word === 'on'
                ? undefined
                : { command: { command: 'control', word: 'on' }, said: 'The tuner may work again.' },
          },
        ),
    }).then(kept)
  }

  propose(tuner: TunerState, name: string): void {
    const knob = tuner.knobs.find((one) => one.name === name)
    if (knob === undefined) return
    const unit = { duration: ' in milliseconds', bytes: ' in bytes' }[knob.kind as string] ?? ''
    const options = knob.kind === 'boolean' ? ['off', 'on'] : knob.choices?.map(String)
    const field =
      options === undefined
        ? h('input', {
            type: 'number',
            min: knob.min,
            max: knob.max,
            step: 'any',
            value: String(Number(knob.value.toPrecision(6))),
            required: true,
          })
        : h(
            'select',
            {},
            ...options.map((text, i) => h('option', { value: i, text, selected: i === Math.round(knob.value) })),
          )
    const { low, high } = knob.band
    void ask({
      title: `Set ${name}`,
      verb: `Set ${name}`,
      body: [
        h('p', {
          text: `Now ${knobValue(knob, knob.value)}. One update may bring it from ${knobValue(knob, low)} to ${knobValue(knob, high)}; the guardrails decide.`,
        }),
        h('label', { class: 'field' }, h('span', { text: `New value${unit}` }), field),
      ],
      run: (why) =>
        this.#do(
          tuner,
          { command: 'propose', values: { [name]: inOwnTerms(knob, Number(field.value)) }, ...because(why) },
          {
            said: `${name} was set.`,
            undo: {
              command: { command: 'propose', values: { [name]: inOwnTerms(knob, knob.value) } },
              said: `${name} has its value from before.`,
            },
          },
        ),
    })
  }

  breaker(component: ComponentState, command: BreakerCommand['command']): void {
    const name = component.component
    const [title, says, verb] = {
      open: [`Open the breaker of ${name}?`, 'Calls are refused from now on; it recovers by itself.', 'Open it'],
      'force-open': [`Hold ${name} open?`, 'Every call is refused until you give it back to itself.', 'Hold open'],
      disable: [
        `Let every call to ${name} pass?`,
        'Nothing protects it until you give it back to itself.',
        'Let all pass',
      ],
      auto: [`Give ${name} back to itself?`, 'The breaker starts closed, with an empty window.', 'Give back'],
    }[command] as [string, string, string]
    const path = `api/v1/breakers/${encodeURIComponent(name)}/commands`
    void ask({
      title,
      verb,
      danger: command === 'disable',
      body: [h('p', { text: says })],
      run: async (why) => {
        const { revision } = await this.#client.get<{ revision: string }>(path)
        await this.#client.command(path, { command, ...because(why) }, revision)
        const back =
          command === 'auto'
            ? undefined
            : { label: 'Undo', run: () => void this.#back(path, { command: 'auto' }, `${name} is back to itself.`) }
        this.#toasts.show(`${name}: ${verb.toLowerCase()}.`, back)
      },
    })
  }

  /** At once; what is refused is told where everything is told. */
  #now(tuner: TunerState, command: TunerCommand, done: Done): void {
    this.#do(tuner, command, done).catch((error: unknown) => this.#toasts.show(problemText(error), undefined, true))
  }

  async #do(tuner: TunerState, command: TunerCommand, { said, undo }: Done): Promise<void> {
    const path = `api/v1/tuners/${encodeURIComponent(tuner.name)}/commands`
    // What a person looked at is what the page shows when they decide, which may be newer than when they asked.
    const seen = this.#model.state?.tuners.find(({ name }) => name === tuner.name) ?? tuner
    await send(this.#client, path, command, seen)
    this.#toasts.show(said, undo && { label: 'Undo', run: () => void this.#back(path, undo.command, undo.said) })
  }

  async #back(path: string, command: object, said: string): Promise<void> {
    try {
      const { revision } = await this.#client.get<{ revision: string }>(path)
      await this.#client.command(path, command, revision)
      this.#toasts.show(said)
    } catch (error) {
      this.#toasts.show(`Not taken back. ${problemText(error)}`, undefined, true)
    }
  }
}

const because = (reason: string): { reason?: string } => (reason === '' ? {} : { reason })

/** As a command has it: a choice by what it stands for, a switch as true or false. */
function inOwnTerms(knob: TunerState['knobs'][number], value: number): number | string | boolean {
  if (knob.kind === 'boolean') return value >= 0.5
  if (knob.kind === 'choice') return (knob.choices?.[Math.round(value)] as string | undefined) ?? value
  return value
}
