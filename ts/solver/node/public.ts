/**
 * What the entries for Node, Deno and Bun export besides: evaluations in processes and threads of their own.
 */
export { type CommandOptions, command } from './command.js'
export { type WorkerEvaluation, type WorkerPool, type WorkersOptions, workers } from './workers.js'
