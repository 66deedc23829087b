// What a user of the four adapters does, over the real frameworks: a request that is served, one that is shed, the health endpoint;
// an origin that is refused without a connection.
import { createServer } from 'node:http'

const routes = { '/items/:id': 1, '/admin/*': { tier: 4, name: 'admin' } }

/** Serves `handler`-like things on a port of their own while `work` runs. */
async function open(server, work) {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    return await work(`http://127.0.0.1:${server.address().port}`)
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

async function ask(origin) {
  const get = async (path, headers = {}) => {
    const response = await fetch(origin + path, { headers })
    return { status: response.status, text: await response.text() }
  }
  const served = await get('/items/7')
  const shed = await get('/admin/users')
  const health = JSON.parse((await get('/health')).text)
  const metrics = await get('/health', { accept: 'text/plain' })
  const component = health.componentStates.find(({ component }) => component.includes('/items/:id'))
  return [
    served.status,
    served.text,
    shed.status,
    JSON.parse(shed.text).code,
    health.state,
    component?.calls,
    metrics.text.endsWith('# EOF\n'),
  ].join(' ')
}

/** A Hono application behind Node's own server, without another package. */
const nodeServer = (app) =>
  createServer(async (request, response) => {
    const answer = await app.fetch(new Request(`http://127.0.0.1${request.url}`, { headers: request.headers }))
    response.writeHead(answer.status, Object.fromEntries(answer.headers))
    response.end(await answer.text())
  })

export async function consumeAdapters({ guards, frameworks, interceptor, reflex, shedder }) {
  const { express, fastify, Hono, undici } = frameworks
  const options = (watching) => ({
    reflex: watching,
    routes,
    health: '/health',
    shedder: shedder({ capacity: 0.7 }),
  })
  const results = {}
  for (const name of ['express', 'fastify', 'hono']) {
    const watching = reflex({ tick: 'manual' })
    const guard = guards[name](options(watching))
    if (name === 'express') {
      const app = express()
      app.use(guard)
      app.get('/items/:id', (request, response) => void response.send(`item ${request.params.id}`))
      results[name] = await open(createServer(app), ask)
    } else if (name === 'fastify') {
      const app = fastify({ forceCloseConnections: true })
      app.register(guard)
      app.get('/items/:id', async (request) => `item ${request.params.id}`)
      app.get('/admin/users', async () => 'users')
      app.get('/health', async () => 'never reached')
      try {
        results[name] = await ask(await app.listen({ port: 0, host: '127.0.0.1' }))
      } finally {
        await app.close()
      }
    } else {
      const app = new Hono()
      app.use(guard)
      app.get('/items/:id', (context) => context.text(`item ${context.req.param('id')}`))
      results[name] = await open(nodeServer(app), ask)
    }
    await watching.close()
  }
  results.undici = await open(
    createServer((_, response) => response.end('well')),
    async (origin) => {
      const watching = reflex({ tick: 'manual' })
      const agent = new undici.Agent()
      const dispatcher = agent.compose(interceptor({ reflex: watching }))
      const { statusCode, body } = await undici.request(origin, { dispatcher })
      const text = await body.text()
      watching.component(origin).forceOpen()
      const refused = await undici.request(origin, { dispatcher }).catch(({ name, code }) => `${name} ${code}`)
      await agent.destroy()
      await watching.close()
      return `${statusCode} ${text} ${refused}`
    },
  )
  return results
}
