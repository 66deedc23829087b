/**
 * Monotonic time in milliseconds that is the same in every process and thread of one machine, so that the database
 * worker, the services and the loader agree on when the run began.
 */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
