/**
 * What a blueprint is to the core: nodes in their order. The façade records them, and the core alone judges them: shapes, dtypes
 * and names are checked once, in Rust, when a kernel is made.
 */
import type { DType } from '../forge-binding.js'

export interface RecipeNode {
  readonly op: string
  /** Nodes before it. */
  readonly of?: readonly number[]
  readonly [argument: string]: unknown
}

export interface Recipe {
  readonly nodes: readonly RecipeNode[]
  readonly outputs: readonly number[]
}

/** How an input's shape follows from a node's: its own, its last dimension, its channels. */
export type Part = 'same' | 'last' | 'channels-nchw' | 'channels-nhwc'

export type Layout = 'nchw' | 'nhwc'
/** One number for both directions, or height and width. */
export type Pair = number | readonly [number, number]
/** One number for every side, or top, left, bottom and right. */
export type Sides = number | readonly [number, number, number, number]

export const pair = (both: Pair | undefined): readonly [number, number] | undefined =>
  typeof both === 'number' ? [both, both] : both
export const sides = (all: Sides | undefined): readonly number[] | undefined =>
  typeof all === 'number' ? [all, all, all, all] : all

export interface MatMulOptions {
  /** The first operand is [.., k, m]. */
  readonly transposeA?: boolean
  /** The second operand is [.., n, k]. */
  readonly transposeB?: boolean
  /** What the result is stored as; default: as the first operand is. */
  readonly output?: DType
}

export interface ConvOptions {
  /** Steps down and right; default 1. */
  readonly stride?: Pair
  /** Zeros around the image; default 0. */
  readonly padding?: Sides
  /** Distance between taps; default 1. */
  readonly dilation?: Pair
  /** Independent groups of channels; default 1. */
  readonly groups?: number
  /** Default `nchw`, with filters [out, in, height, width]; `nhwc` has filters [out, height, width, in]. */
  readonly layout?: Layout
}

export interface PoolOptions {
  /** Height and width of the window; default 2. */
  readonly window?: Pair
  /** Default: the window. */
  readonly stride?: Pair
  /** Cells outside of the image, less than the window; default 0. The mean is of what is inside. */
  readonly padding?: Sides
  readonly layout?: Layout
}

export interface ReduceOptions {
  /** Which dimensions, from the end where negative; default: all. */
  readonly axes?: readonly number[]
  /** Whether they stay, with one element; default false. */
  readonly keep?: boolean
}

export interface AttentionOptions {
  /** Times the products; default 1 / sqrt(depth). */
  readonly scale?: number
  /** Whether a query sees only keys up to its own place; default false. */
  readonly causal?: boolean
}

/** Names of each operation's options. */
export const OPTIONS = {
  matmul: ['transposeA', 'transposeB', 'output'],
  conv2d: ['stride', 'padding', 'dilation', 'groups', 'layout'],
  pool: ['window', 'stride', 'padding', 'layout'],
  reduce: ['axes', 'keep'],
  attention: ['scale', 'causal'],
} as const satisfies Readonly<Record<string, readonly string[]>>
