import { knob } from '../../ts/entries/solver/node.js'

/** One parameter of each kind. */
export const space = {
  lr: knob.number({ min: 1e-5, max: 1, scale: 'log' }),
  depth: knob.integer({ min: 1, max: 12 }),
  kind: knob.choice({ choices: ['a', 'b', 'c'] }),
  cold: knob.boolean(),
}

/** One parameter, and what is least where it is 0.3. */
export const line = { x: knob.number({ min: 0, max: 1 }) }
export const bowl = ({ x }: { x: number }) => (x - 0.3) ** 2
