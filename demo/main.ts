import { isMainThread, workerData } from 'node:worker_threads'

/**
 * One entry file for every process and thread of the demonstration, so that it runs the same from its sources and when
 * bundled: the role is in the worker's data, or in the first argument of a child process.
 */
const entry = new URL(import.meta.url)
const role = isMainThread ? /^--role=(\w+)$/.exec(process.argv[2] ?? '')?.[1] : (workerData as { role: string }).role

if (role === 'database') await (await import('./service/database-worker.js')).runDatabaseWorker()
else if (role === 'template') await (await import('./service/template.js')).runTemplateWorker()
else if (role === 'service') (await import('./service/process.js')).runService(entry)
else if (role === 'load') (await import('./load/process.js')).runLoader()
else if (role === 'experiment') (await import('./experiment.js')).runExperiments(entry)
else if (role === 'overhead') await (await import('./overhead.js')).runOverhead(entry)
else process.exitCode = await (await import('./app.js')).app(entry, process.argv.slice(2))
