/** What a command computes: an operation and its sizes, as `matmul --shape 512x512x512`. */

import { blueprint } from '../../forge/blueprint.js'
import type { Elements } from '../../forge/elements.js'
import type { Blueprint } from '../../forge/public.js'
import type { TensorFacts } from '../../forge-binding.js'
import { usage } from '../exit.js'

interface Operation {
  /** What the sizes are. */
  readonly sizes: readonly string[]
  readonly usual: readonly number[]
  /** Operations for a run, in the sense of GFLOP/s; 0 where nobody counts them. */
  flops(sizes: readonly number[]): number
  make(sizes: readonly number[]): Blueprint
}

type Sizes = readonly [number, number, number, number, number]
const rows = (make: (shape: readonly number[]) => unknown): Operation => ({
  sizes: ['rows', 'columns'],
  usual: [1024, 1024],
  flops: () => 0,
  make: (sizes) => make(sizes) as Blueprint,
})

export const OPERATIONS: Readonly<Record<string, Operation>> = {
  matmul: {
    sizes: ['m', 'n', 'k'],
    usual: [512, 512, 512],
    flops: (s) => 2 * s.reduce((a, b) => a * b, 1),
    make: (s) => {
      const [m, n, k] = s as Sizes
      return blueprint.matmul({ m, n, k }) as Blueprint
    },
  },
  conv2d: {
    sizes: ['channels', 'height', 'width', 'filters', 'size'],
    usual: [64, 28, 28, 128, 3],
    flops: (s) => {
      const [channels, height, width, filters, size] = s as Sizes
      // An even filter's result is one larger than its image.
      const more = 1 - (size % 2)
      return 2 * channels * (height + more) * (width + more) * filters * size * size
    },
    make: (s) => {
      const [channels, height, width, filters, size] = s as Sizes
      return blueprint.conv2d({ channels, height, width, filters, size, padding: Math.floor(size / 2) }) as Blueprint
    },
  },
  attention: {
    sizes: ['heads', 'queries', 'depth'],
    usual: [8, 256, 64],
    flops: (s) => {
      const [heads, queries, depth] = s as Sizes
      return 4 * heads * queries * queries * depth
    },
    make: (s) => {
      const [batch, queries, depth] = s as Sizes
      return blueprint.attention({ batch, queries, depth }) as Blueprint
    },
  },
  softmax: rows((shape) => blueprint.softmax({ shape })),
  layerNorm: rows((shape) => blueprint.layerNorm({ shape })),
  rmsNorm: rows((shape) => blueprint.rmsNorm({ shape })),
  gelu: rows((shape) => blueprint.input('x', shape).gelu()),
  sum: rows((shape) => blueprint.input('x', shape).sum({ axes: [-1] })),
  transpose: rows((shape) => blueprint.input('x', shape).transpose().mul(1)),
}

export interface Workload {
  readonly name: string
  readonly sizes: readonly number[]
  readonly flops: number
  readonly blueprint: Blueprint
}

/** Throws `HOMEOSTAT_USAGE` with what there is. */
export function workload(name: string, shape: string | undefined): Workload {
  const operation = Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name] : undefined
  if (operation === undefined)
    throw usage(`there is no operation '${name}': choose one of ${Object.keys(OPERATIONS).join(', ')}`)
  const sizes = shape?.split('x').map((n) => (/^[0-9]+$/.test(n) ? Number(n) : 0)) ?? operation.usual
  const wanted = operation.sizes.join('x')
  if (sizes.length !== operation.sizes.length || !sizes.every((n) => Number.isInteger(n) && n > 0))
    throw usage(`--shape ${shape}: expected ${wanted}, such as ${operation.usual.join('x')}`)
  return { name, sizes, flops: operation.flops(sizes), blueprint: operation.make(sizes) }
}

/** Inputs between -1 and 1, the same each time; indices are 0. */
export function inputsFor(facts: readonly TensorFacts[]): Record<string, Elements> {
  let state = 1
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 31 - 1
  }
  const make = ({ dtype, shape }: TensorFacts): Elements => {
    const length = shape.reduce((a, b) => a * b, 1)
    if (dtype === 'f32') return Float32Array.from({ length }, next)
    if (dtype === 'i32') return new Int32Array(length)
    return dtype === 'u32' ? new Uint32Array(length) : new Uint16Array(length)
  }
  return Object.fromEntries(facts.map((one) => [one.name as string, make(one)]))
}
