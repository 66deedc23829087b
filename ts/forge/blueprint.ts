/**
 * What is to be computed: `blueprint.matmul({ m, n, k }).bias().gelu()`. Nothing is compiled here and nothing is checked but types:
 * the core judges a blueprint when a kernel is made of it, with errors that name the node and the shapes.
 */
import type { DType } from '../forge-binding.js'
import type { Elements } from './elements.js'
import { Graph, Value } from './graph.js'
import { known } from './options.js'
import type {
  AttentionOptions,
  ConvOptions,
  Layout,
  MatMulOptions,
  Pair,
  Part,
  PoolOptions,
  Recipe,
  RecipeNode,
  ReduceOptions,
} from './recipe.js'
import { OPTIONS, pair } from './recipe.js'

declare const result: unique symbol

/** Something to make a kernel of. `I`: names of its inputs. `R`: what a run gives. */
export interface Blueprint<I extends string = string, R = unknown> {
  readonly recipe: Recipe
  readonly inputNames: readonly I[]
  /** Names of the outputs; absent where there is one, which a run gives by itself. */
  readonly outputNames: readonly string[] | undefined
  /** Only a type. */
  readonly [result]?: R
}

type Chained<I extends string, D extends DType> = Chain<I, D>

/** One value with what was done to it; every step makes a new chain. */
export class Chain<I extends string, D extends DType> implements Blueprint<I, Elements<D>> {
  declare readonly [result]?: Elements<D>
  readonly outputNames: undefined
  readonly #nodes: readonly RecipeNode[]
  readonly #last: number
  /** Which part of the value a bias is for. */
  readonly #channels: Part

  constructor(nodes: readonly RecipeNode[], last: number, channels: Part) {
    this.#nodes = nodes
    this.#last = last
    this.#channels = channels
  }

  get recipe(): Recipe {
    return { nodes: this.#nodes, outputs: [this.#last] }
  }

  get inputNames(): readonly I[] {
    return this.#nodes.filter((node) => node.op === 'input').map((node) => node.name as I)
  }

  #then<J extends string = I, E extends DType = D>(
    step: (x: Value, g: Graph) => Value,
    channels: Part = 'last',
  ): Chained<J, E> {
    const graph = new Graph(this.#nodes)
    const value = step(new Value(graph, this.#last), graph)
    return new Chain<J, E>(graph.nodes, value.id, channels)
  }

  #each(step: (x: Value) => Value): Chain<I, D> {
    return this.#then(step, this.#channels)
  }

  /** With a number, or with an input of this name: of the same shape, or of another one that broadcasts. */
  #with<N extends string>(op: Elementwise, other: N | number, shape?: readonly number[]): Chain<I | N, D> {
    return this.#then<I | N>((x, g) => {
      if (typeof other === 'number') return x[op](other)
      return x[op](shape === undefined ? g.inputLike(other, x) : g.input(other, shape))
    }, this.#channels)
  }

  /** Adds an input of one number for each column, or, after a convolution, for each channel. */
  bias(): Chain<I | 'bias', D>
  bias<N extends string>(name: N): Chain<I | N, D>
  bias(name = 'bias'): Chain<string, D> {
    return this.#then<string>((x, g) => x.add(g.inputLike(name, x, this.#channels)), this.#channels)
  }

  add = <N extends string>(other: N | number, shape?: readonly number[]): Chain<I | N, D> =>
    this.#with('add', other, shape)
  sub = <N extends string>(other: N | number, shape?: readonly number[]): Chain<I | N, D> =>
    this.#with('sub', other, shape)
  mul = <N extends string>(other: N | number, shape?: readonly number[]): Chain<I | N, D> =>
    this.#with('mul', other, shape)
  div = <N extends string>(other: N | number, shape?: readonly number[]): Chain<I | N, D> =>
    this.#with('div', other, shape)
  max = <N extends string>(other: N | number, shape?: readonly number[]): Chain<I | N, D> =>
    this.#with('max', other, shape)
  min = <N extends string>(other: N | number, shape?: readonly number[]): Chain<I | N, D> =>
    this.#with('min', other, shape)

  neg = (): Chain<I, D> => this.#each((x) => x.neg())
  abs = (): Chain<I, D> => this.#each((x) => x.abs())
  exp = (): Chain<I, D> => this.#each((x) => x.exp())
  log = (): Chain<I, D> => this.#each((x) => x.log())
  sqrt = (): Chain<I, D> => this.#each((x) => x.sqrt())
  rsqrt = (): Chain<I, D> => this.#each((x) => x.rsqrt())
  recip = (): Chain<I, D> => this.#each((x) => x.recip())
  relu = (): Chain<I, D> => this.#each((x) => x.relu())
  sigmoid = (): Chain<I, D> => this.#each((x) => x.sigmoid())
  silu = (): Chain<I, D> => this.#each((x) => x.silu())
  tanh = (): Chain<I, D> => this.#each((x) => x.tanh())
  erf = (): Chain<I, D> => this.#each((x) => x.erf())
  gelu = (approximate?: 'tanh'): Chain<I, D> => this.#each((x) => x.gelu(approximate))
  causal = (): Chain<I, D> => this.#each((x) => x.causal())
  cast = <E extends DType>(dtype: E): Chain<I, E> => this.#then<I, E>((x) => x.cast(dtype), this.#channels)

  /** Times an input of this name and shape. */
  matmul = <N extends string>(name: N, shape: readonly number[], options?: MatMulOptions): Chain<I | N, D> =>
    this.#then<I | N>((x, g) => x.matmul(g.input(name, shape), options))
  conv2d = <N extends string>(name: N, shape: readonly number[], options: ConvOptions = {}): Chain<I | N, D> =>
    this.#then<I | N>((x, g) => x.conv2d(g.input(name, shape), options), `channels-${options.layout ?? 'nchw'}`)
  maxPool = (options?: PoolOptions): Chain<I, D> => this.#each((x) => x.maxPool(options))
  meanPool = (options?: PoolOptions): Chain<I, D> => this.#each((x) => x.meanPool(options))
  softmax = (axis?: number): Chain<I, D> => this.#each((x) => x.softmax(axis))
  /** Over the last dimension. With names, times and plus inputs of that dimension. */
  layerNorm = <N extends string = never>(options: NormNames<N> & { readonly bias?: N } = {}): Chain<I | N, D> =>
    this.#then<I | N>((x, g) => {
      known('layerNorm()', options, ['scale', 'bias', 'epsilon'])
      const part = (name: N | undefined): Value | undefined =>
        name === undefined ? undefined : g.inputLike(name, x, 'last')
      return x.layerNorm(part(options.scale), part(options.bias), options.epsilon)
    })
  rmsNorm = <N extends string = never>(options: NormNames<N> = {}): Chain<I | N, D> =>
    this.#then<I | N>((x, g) => {
      known('rmsNorm()', options, ['scale', 'epsilon'])
      return x.rmsNorm(options.scale === undefined ? undefined : g.inputLike(options.scale, x, 'last'), options.epsilon)
    })
  sum = (options?: ReduceOptions): Chain<I, D> => this.#then((x) => x.sum(options))
  mean = (options?: ReduceOptions): Chain<I, D> => this.#then((x) => x.mean(options))
  greatest = (options?: ReduceOptions): Chain<I, D> => this.#then((x) => x.greatest(options))
  least = (options?: ReduceOptions): Chain<I, D> => this.#then((x) => x.least(options))
  transpose = (permutation?: readonly number[]): Chain<I, D> => this.#then((x) => x.transpose(permutation))
  reshape = (shape: readonly number[]): Chain<I, D> => this.#then((x) => x.reshape(shape))
  /** Slices along a dimension, as an input of integers of this name says. */
  gather = <N extends string>(name: N, shape: readonly number[], axis?: number): Chain<I | N, D> =>
    this.#then<I | N>((x, g) => x.gather(g.input(name, shape, 'i32'), axis))
}

type Elementwise = 'add' | 'sub' | 'mul' | 'div' | 'max' | 'min'

export interface NormNames<N extends string> {
  /** Name of an input of one number for each place of a row. */
  readonly scale?: N
  /** Added to the variance or the mean square; default 1e-5. */
  readonly epsilon?: number
}

export interface MatMulShape extends Omit<MatMulOptions, 'output'> {
  readonly m: number
  readonly n: number
  readonly k: number
  /** Dimensions before the matrices'. */
  readonly batch?: number | readonly number[]
}

export interface ConvShape extends ConvOptions {
  /** Images; default 1. */
  readonly batch?: number
  /** Channels of the image. */
  readonly channels: number
  readonly height: number
  readonly width: number
  /** Channels of the result. */
  readonly filters: number
  /** Height and width of a filter. */
  readonly size: Pair
}

export interface AttentionShape extends AttentionOptions {
  /** Dimensions before the matrices', such as batch and heads. */
  readonly batch?: number | readonly number[]
  readonly queries: number
  /** Default: as many as queries. */
  readonly keys?: number
  /** Numbers of a query and a key. */
  readonly depth: number
  /** Numbers of a value; default: depth. */
  readonly values?: number
}

export interface NormShape {
  readonly shape: readonly number[]
  /** Added to the variance or the mean square; default 1e-5. */
  readonly epsilon?: number
}

function normShape(name: string, options: NormShape): NormShape {
  known(`blueprint.${name}()`, options, ['shape', 'epsilon'])
  return options
}

const batches = (batch: number | readonly number[] | undefined): readonly number[] =>
  batch === undefined ? [] : typeof batch === 'number' ? [batch] : batch

function begin<I extends string, D extends DType>(make: (g: Graph) => Value, channels: Part = 'last'): Chain<I, D> {
  const graph = new Graph()
  const value = make(graph)
  return new Chain<I, D>(graph.nodes, value.id, channels)
}

type OutputOf<O> = O extends Value ? Elements : { readonly [K in keyof O]: Elements }

export const blueprint = {
  /** Begins with an input: `blueprint.input('x', [64, 256]).softmax()`. */
  input<const N extends string, D extends DType = 'f32'>(name: N, shape: readonly number[], dtype?: D): Chain<N, D> {
    return begin((g) => g.input(name, shape, dtype))
  },

  /** a [.., m, k] times b [.., k, n]. */
  matmul<D extends 'f32' | 'f16' = 'f32'>(options: MatMulShape & { readonly dtype?: D }): Chain<'a' | 'b', D> {
    const { m, n, k, dtype, transposeA, transposeB } = options
    known('blueprint.matmul()', options, ['m', 'n', 'k', 'batch', 'dtype', 'transposeA', 'transposeB'])
    const batch = batches(options.batch)
    return begin((g) => {
      const a = g.input('a', [...batch, ...(transposeA ? [k, m] : [m, k])], dtype)
      const b = g.input('b', [...batch, ...(transposeB ? [n, k] : [k, n])], dtype)
      return a.matmul(b, {
        ...(transposeA !== undefined && { transposeA }),
        ...(transposeB !== undefined && { transposeB }),
      })
    })
  },

  /** `image` convolved with `filters`. */
  conv2d(options: ConvShape): Chain<'image' | 'filters', 'f32'> {
    const { batch = 1, channels, height, width, filters, size, ...rest } = options
    const sizes = ['batch', 'channels', 'height', 'width', 'filters', 'size']
    known('blueprint.conv2d()', options, [...sizes, ...OPTIONS.conv2d])
    const layout: Layout = rest.layout ?? 'nchw'
    const [h, w] = pair(size) as readonly [number, number]
    const each = channels / (rest.groups ?? 1)
    return begin((g) => {
      const last = layout === 'nhwc'
      const image = g.input('image', last ? [batch, height, width, channels] : [batch, channels, height, width])
      return image.conv2d(g.input('filters', last ? [filters, h, w, each] : [filters, each, h, w]), rest)
    }, `channels-${layout}`)
  },

  /** softmax(q k' · scale) v. */
  attention(options: AttentionShape): Chain<'q' | 'k' | 'v', 'f32'> {
    const { queries, keys = queries, depth, values = depth, batch: given, ...rest } = options
    known('blueprint.attention()', options, ['batch', 'queries', 'keys', 'depth', 'values', ...OPTIONS.attention])
    const batch = batches(given)
    return begin((g) =>
      g
        .input('q', [...batch, queries, depth])
        .attention(g.input('k', [...batch, keys, depth]), g.input('v', [...batch, keys, values]), rest),
    )
  },

  /** Over the last dimension of `x`, or over another one. */
  softmax(options: { readonly shape: readonly number[]; readonly axis?: number }): Chain<'x', 'f32'> {
    known('blueprint.softmax()', options, ['shape', 'axis'])
    return blueprint.input('x', options.shape).softmax(options.axis)
  },
  /** Over the last dimension of `x`, with `scale` and `bias`. */
  layerNorm(options: NormShape): Chain<'x' | 'scale' | 'bias', 'f32'> {
    const { shape, ...rest } = normShape('layerNorm', options)
    return blueprint.input('x', shape).layerNorm({ scale: 'scale', bias: 'bias', ...rest })
  },
  /** Over the last dimension of `x`, with `scale`. */
  rmsNorm(options: NormShape): Chain<'x' | 'scale', 'f32'> {
    const { shape, ...rest } = normShape('rmsNorm', options)
    return blueprint.input('x', shape).rmsNorm({ scale: 'scale', ...rest })
  },

  /**
   * Any graph. The function gives one value, or several by name:
   * `blueprint.graph((g) => { const x = g.input('x', [8, 64]); return { top: x.greatest(), all: x.softmax() } })`
   */
  graph<O extends Value | Readonly<Record<string, Value>>>(make: (g: Graph) => O): Blueprint<string, OutputOf<O>> {
    const graph = new Graph()
    const made = make(graph)
    const single = made instanceof Value
    const values = single ? [made] : Object.values(made as Readonly<Record<string, Value>>)
    return {
      recipe: { nodes: graph.nodes, outputs: values.map((value) => value.id) },
      inputNames: graph.nodes.filter((node) => node.op === 'input').map((node) => String(node.name)),
      outputNames: single ? undefined : Object.keys(made),
    }
  },
} as const
