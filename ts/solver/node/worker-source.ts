/**
 * What runs in a worker thread of `workers()`, as source text: it needs no file beside a bundle.
 *
 * In: `{ id, params, trial, attempt }`. Out: `{ ready }` once the module is loaded, then per evaluation any number of
 * `{ id, report }` and one of `{ id, value }` and `{ id, error }`. An evaluation that is given up is ended by ending the thread.
 */
export const WORKER_SOURCE = `
const { parentPort, workerData } = require('node:worker_threads')
const describe = (error) => ({
  name: String(error?.name ?? 'Error'), message: String(error?.message ?? error), stack: error?.stack, code: error?.code,
})
const unusable = (reason) => parentPort.postMessage({ unusable: reason })
import(workerData.url).then(
  (module) => {
    const evaluate = module[workerData.name]
    if (typeof evaluate !== 'function') return unusable('has no function ' + workerData.name)
    parentPort.on('message', async ({ id, params, trial, attempt }) => {
      const report = (...args) => parentPort.postMessage({ id, report: args })
      const signal = new AbortController().signal
      try {
        const value = await evaluate(params, { trial, attempt, signal, report })
        parentPort.postMessage({ id, value })
      } catch (error) {
        parentPort.postMessage({ id, error: describe(error) })
      }
    })
    parentPort.postMessage({ ready: true })
  },
  (error) => unusable('cannot be loaded: ' + describe(error).message),
)
`
