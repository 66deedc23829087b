/**
 * Blueprints of any form: `blueprint.graph((g) => …)` records what is done with its values.
 */
import { HomeostatError } from '../errors.js'
import type { DType } from '../forge-binding.js'
import { known } from './options.js'
import {
  type AttentionOptions,
  type ConvOptions,
  type MatMulOptions,
  OPTIONS,
  type Part,
  type PoolOptions,
  pair,
  type RecipeNode,
  type ReduceOptions,
  sides,
} from './recipe.js'

/** Records nodes. */
export class Graph {
  readonly nodes: RecipeNode[]

  constructor(nodes: readonly RecipeNode[] = []) {
    this.nodes = [...nodes]
  }

  /** @internal */
  push(node: RecipeNode): Value {
    // Options that were not given are not there: the core has its defaults.
    this.nodes.push(Object.fromEntries(Object.entries(node).filter(([, value]) => value !== undefined)) as RecipeNode)
    return new Value(this, this.nodes.length - 1)
  }

  /** A tensor that is given at each run. */
  input(name: string, shape: readonly number[], dtype: DType = 'f32'): Value {
    return this.push({ op: 'input', name, dims: shape, dtype })
  }

  /** One whose shape follows from another value's. */
  inputLike(name: string, like: Value, part: Part = 'same', dtype: DType = 'f32'): Value {
    return this.push({ op: 'input', name, like: like.id, part, dtype })
  }

  /** A number. */
  scalar(value: number): Value {
    return this.push({ op: 'scalar', value })
  }
}

/** A node of a graph; its methods add nodes. */
export class Value {
  readonly graph: Graph
  readonly id: number

  constructor(graph: Graph, id: number) {
    this.graph = graph
    this.id = id
  }

  #op(op: string, others: readonly (Value | number | undefined)[] = [], options: object = {}): Value {
    const of = [this.id]
    for (const other of others) {
      if (other === undefined) continue
      const value = typeof other === 'number' ? this.graph.scalar(other) : other
      if (value.graph !== this.graph)
        throw new HomeostatError(
          'HOMEOSTAT_BLUEPRINT_INVALID',
          `node ${this.graph.nodes.length} (${op}): an operand is of another graph`,
        )
      of.push(value.id)
    }
    return this.graph.push({ ...options, op, of })
  }

  /** With options that a person wrote; `core`: those that the core spells in another way. */
  #with(op: string, others: readonly Value[], options: object, names: readonly string[], core: object = {}): Value {
    known(`${op}()`, options, names)
    return this.#op(op, others, { ...options, ...core })
  }

  // Elementwise, broadcasting.
  add = (other: Value | number): Value => this.#op('add', [other])
  sub = (other: Value | number): Value => this.#op('sub', [other])
  mul = (other: Value | number): Value => this.#op('mul', [other])
  div = (other: Value | number): Value => this.#op('div', [other])
  max = (other: Value | number): Value => this.#op('max', [other])
  min = (other: Value | number): Value => this.#op('min', [other])
  // Elementwise.
  neg = (): Value => this.#op('neg')
  abs = (): Value => this.#op('abs')
  exp = (): Value => this.#op('exp')
  log = (): Value => this.#op('log')
  sqrt = (): Value => this.#op('sqrt')
  rsqrt = (): Value => this.#op('rsqrt')
  recip = (): Value => this.#op('recip')
  relu = (): Value => this.#op('relu')
  sigmoid = (): Value => this.#op('sigmoid')
  silu = (): Value => this.#op('silu')
  tanh = (): Value => this.#op('tanh')
  erf = (): Value => this.#op('erf')
  /** By erf; by tanh where that is asked for. */
  gelu = (approximate?: 'tanh'): Value => this.#op(approximate === 'tanh' ? 'geluTanh' : 'gelu')
  cast = (dtype: DType): Value => this.#op('cast', [], { dtype })
  /** The lower triangle of the last two dimensions; above it the most negative number. */
  causal = (): Value => this.#op('causal')

  /** Products of the last two dimensions; the others are batches and broadcast. */
  matmul = (other: Value, options: MatMulOptions = {}): Value => this.#with('matmul', [other], options, OPTIONS.matmul)
  conv2d = (filters: Value, options: ConvOptions = {}): Value => {
    const { stride, padding, dilation } = options
    const lists = { stride: pair(stride), padding: sides(padding), dilation: pair(dilation) }
    return this.#with('conv2d', [filters], options, OPTIONS.conv2d, lists)
  }
  maxPool = (options: PoolOptions = {}): Value => this.#pool('max', options)
  meanPool = (options: PoolOptions = {}): Value => this.#pool('mean', options)
  /** softmax(q k' · scale) v over the last two dimensions; this is q. */
  attention = (k: Value, v: Value, options: AttentionOptions = {}): Value =>
    this.#with('attention', [k, v], options, OPTIONS.attention)

  sum = (options: ReduceOptions = {}): Value => this.#with('reduce', [], options, OPTIONS.reduce, { kind: 'sum' })
  mean = (options: ReduceOptions = {}): Value => this.#with('reduce', [], options, OPTIONS.reduce, { kind: 'mean' })
  greatest = (options: ReduceOptions = {}): Value => this.#with('reduce', [], options, OPTIONS.reduce, { kind: 'max' })
  least = (options: ReduceOptions = {}): Value => this.#with('reduce', [], options, OPTIONS.reduce, { kind: 'min' })
  softmax = (axis = -1): Value => this.#op('softmax', [], { axis })
  /** Mean 0 and variance 1 over the last dimension, then times `scale` plus `bias`. */
  layerNorm = (scale?: Value, bias?: Value, epsilon?: number): Value =>
    scale === undefined && bias !== undefined
      ? this.layerNorm(undefined, undefined, epsilon).add(bias)
      : this.#op('layerNorm', [scale, bias], { epsilon })
  rmsNorm = (scale?: Value, epsilon?: number): Value => this.#op('rmsNorm', [scale], { epsilon })

  /** Default: the dimensions the other way round. */
  transpose = (permutation?: readonly number[]): Value => this.#op('transpose', [], { permutation })
  reshape = (shape: readonly number[]): Value => this.#op('reshape', [], { dims: shape })
  /** Slices along a dimension, as `indices` (i32 or u32) says; an index outside gives zeros. */
  gather = (indices: Value, axis = 0): Value => this.#op('gather', [indices], { axis })

  #pool(kind: string, options: PoolOptions): Value {
    const { window, stride, padding } = options
    const lists = { kind, window: pair(window), stride: pair(stride), padding: sides(padding) }
    return this.#with('pool', [], options, OPTIONS.pool, lists)
  }
}
