/**
 * What every entry of `homeostat/solver` exports besides the functions that need a core.
 */
export type { Clock } from '../clock.js'
export { HomeostatError, type HomeostatErrorCode, isHomeostatError } from '../errors.js'
export { type Knob, type KnobValue, knob, type Scale, type Space, type SpaceKnob } from '../schema/knob.js'
export type { BytesInput, DurationInput } from '../units.js'
export type { SolverConstraints } from './constraints.js'
export type { Evaluated, EvaluationContext, Evaluator } from './evaluation.js'
export type { Explanation } from './explanation.js'
export type { Minimize } from './minimize.js'
export { NoResultError } from './minimize.js'
export type {
  CheckpointFile,
  MinimizeOptions,
  RetryOptions,
  SolverOptions,
  SolverStrategy,
  StopOptions,
  StudyOptions,
  WarmStart,
} from './options.js'
export type { Minimum, Progress, StopReason } from './progress.js'
export type { PrunerOptions } from './prune.js'
export type { Solver, Told } from './solver.js'
export type { Params } from './space.js'
export type { StudyStore } from './study.js'
export type { Best, Outcome, Trial, TrialRecord } from './trial.js'
