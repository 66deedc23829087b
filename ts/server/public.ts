/**
 * What every entry of `homeostat/server` exports besides `server()`.
 */
export { HomeostatError, type HomeostatErrorCode, isHomeostatError } from '../errors.js'
export type { BreakerCommand, CommandResult, OperationRecord, TunerCommand } from './api/commands.js'
export type {
  Change,
  ComponentState,
  Graph,
  KnobState,
  QueueState,
  ReflexState,
  State,
  TunerState,
  WitnessState,
} from './api/state.js'
export type { Listening, ListenOptions, Operations } from './facade.js'
export type { History, Range, RangeQuery, SeriesList } from './history/history.js'
export { Table } from './history/table.js'
export { parseTokens, type Role, type TokenOptions } from './http/tokens.js'
export { type KernelRow, kernels, type ShownForge, type ShownKernel } from './kernels.js'
export type { QueueSource } from './live/reflex.js'
export type { ServerOptions } from './options.js'
export type { Section } from './sections.js'
export type { Connection } from './server.js'
