/** What every entry of the forge exports beside `forge()`. */
export { HomeostatError, type HomeostatErrorCode, isHomeostatError } from '../errors.js'
export type {
  AdapterFacts,
  DType,
  GroupFacts,
  KnownKernel,
  Objective,
  Tag,
  TensorFacts,
  Tier,
} from '../forge-binding.js'
export { type AttentionShape, type Blueprint, blueprint, Chain, type ConvShape, type MatMulShape } from './blueprint.js'
export type { Elements } from './elements.js'
export type { ForgeEvent, ForgeEvents, Step, StepEvent } from './events.js'
export { Forge } from './forge.js'
export { Graph, Value } from './graph.js'
export { IndexedDbLibrary } from './indexed-library.js'
export {
  type Explanation,
  type Inputs,
  Kernel,
  type KernelStats,
  type OnDevice,
  type SettleOptions,
  type WaitOptions,
} from './kernel.js'
export type { KnownOptions } from './known.js'
export { type JournalLines, type LibraryStore, type LineSink, MemoryLibrary } from './library.js'
export type { ForgeOptions, KernelOptions, StrategyName } from './options.js'
export type {
  AttentionOptions,
  ConvOptions,
  MatMulOptions,
  PoolOptions,
  ReduceOptions,
} from './recipe.js'
export { DeviceTensor } from './tensor.js'
