import { SERVICES } from './topology.js'

/** One entry file for every process of the cascade, as with the demonstration service: a child's role is its first argument. */
const entry = new URL(import.meta.url)
const role = /^--role=(\w+)$/.exec(process.argv[2] ?? '')?.[1]
const service = SERVICES.find((name) => name === role)

if (service !== undefined) (await import('./services/service.js')).runService(service)
else process.exitCode = await (await import('./app.js')).cascade(entry, process.argv.slice(2))
