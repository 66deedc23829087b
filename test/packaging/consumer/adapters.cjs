const { shedder } = require('homeostat/flow')
const { reflex } = require('homeostat/resilience')
const { interceptor } = require('homeostat/undici')

const guards = Object.fromEntries(
  ['express', 'fastify', 'hono'].map((name) => [name, require(`homeostat/${name}`).guard]),
)
const frameworks = {
  express: require('express'),
  fastify: require('fastify'),
  Hono: require('hono').Hono,
  undici: require('undici'),
}
import('./adapters-scenario.mjs').then(async ({ consumeAdapters }) => {
  const result = await consumeAdapters({ guards, frameworks, interceptor, reflex, shedder })
  console.log(`RESULT ${JSON.stringify(result)}`)
})
