/**
 * Every operation of the interface. Queries are GET and change nothing, commands are POST; a command stands under the same path as
 * the query whose entity tag it needs.
 */

import { BUCKETS_MAX, range, SERIES_MAX, seriesList } from '../history/history.js'
import { json, type Reply } from '../http/answer.js'
import { Problem } from '../http/problem.js'
import { OPENMETRICS } from '../metrics.js'
import { array, flag, integer, number, object, oneOfWords, text } from '../schema/schema.js'
import { commandRoutes } from './command-routes.js'
import { breakerOperable, operable, operation } from './commands.js'
import { type AnyRoute, route } from './route.js'
import { change, changeType, componentState, graph, queueState, state, tunerState, witness } from './state.js'

export const tunerParameter = { tuner: { type: 'string', minLength: 1, maxLength: 64 } } as const
export const componentParameter = { component: { type: 'string', minLength: 1, maxLength: 128 } } as const
const limit = { ...integer('How many, at most.', 1, 1000), default: 100 } as const
const before = integer('Only what is older than this one.')
const found = (schema: AnyRoute['answer']['schema'], description = 'It.') => ({ description, schema: schema as never })

const READS: readonly AnyRoute[] = [
  route({
    id: 'getHealth',
    method: 'GET',
    path: '/health',
    role: 'none',
    tag: 'server',
    summary: 'Whether the process answers, and how it does in one word',
    description:
      'The status is 200 while it can answer at all: to take an instance away does not mend what it depends on.',
    answer: found(object({ status: oneOfWords(['ok', 'degraded', 'failed']) })),
    handle: async ({ core }) => json({ status: await core.status() }),
  }),
  route({
    id: 'getMetrics',
    method: 'GET',
    path: '/metrics',
    role: 'read',
    tag: 'server',
    summary: 'Everything that is a number, as OpenMetrics text',
    answer: { description: 'OpenMetrics 1.0.', type: OPENMETRICS },
    handle: async ({ core }) => ({
      status: 200,
      headers: { 'content-type': OPENMETRICS },
      body: await core.metrics(),
    }),
  }),
  route({
    id: 'getOpenApi',
    method: 'GET',
    path: '/api/v1/openapi.json',
    role: 'none',
    tag: 'server',
    summary: 'This document',
    answer: found({ type: 'object' }),
    handle: ({ core }) => json(core.document),
  }),
  route({
    id: 'getIndex',
    method: 'GET',
    path: '/api/v1',
    role: 'read',
    tag: 'server',
    summary: 'Who asks, and what there is',
    answer: found(
      object({
        version: text('Of the package.'),
        actor: object({ name: text(), role: oneOfWords(['read', 'operate']) }),
        tuners: array(text()),
        reflex: flag('Whether there are breakers.'),
        queues: array(text()),
        sections: array(text()),
      }),
    ),
    handle: ({ core, actor }) => json({ version: core.version, actor, ...core.index() }),
  }),
  route({
    id: 'getState',
    method: 'GET',
    path: '/api/v1/state',
    role: 'read',
    tag: 'state',
    summary: 'The whole live state',
    answer: found(state),
    handle: async ({ core }) => json(await core.state()),
  }),
  route({
    id: 'getEvents',
    method: 'GET',
    path: '/api/v1/events',
    role: 'read',
    tag: 'state',
    summary: 'What happens, as server-sent events',
    description:
      '`state` tells the whole state about once a second; `change`, `breaker`, `cascade`, `stage`, `recovered`, `latency` and `operation` tell what happened once, with a number that `Last-Event-ID` goes on from; `reset` says that some were missed: ask for the state again. A comment every 15 s is a sign of life.',
    headers: { 'last-event-id': { type: 'string', maxLength: 64, description: 'The last number that was seen.' } },
    answer: { description: 'A stream that does not end.', type: 'text/event-stream' },
    problems: ['too-many-readers'],
    handle: ({ core, request, actor }) => {
      if (core.hub.full)
        throw new Problem('too-many-readers', 'every place is taken', { headers: { 'retry-after': '5' } })
      return {
        status: 200,
        headers: { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' },
        body:
          request.method === 'HEAD'
            ? null
            : core.hub.read(request.headers.get('last-event-id'), () => core.stillAllowed(actor)),
      }
    },
  }),
  route({
    id: 'listOperations',
    method: 'GET',
    path: '/api/v1/operations',
    role: 'read',
    tag: 'server',
    summary: 'Who asked for what, the newest first',
    query: { limit, before },
    answer: found(object({ operations: array(operation) })),
    handle: ({ core, query }) => json({ operations: core.operations.list(query.limit ?? limit.default, query.before) }),
  }),
]

const TUNERS: readonly AnyRoute[] = [
  route({
    id: 'listTuners',
    method: 'GET',
    path: '/api/v1/tuners',
    role: 'read',
    tag: 'tuners',
    summary: 'Every tuner',
    answer: found(object({ tuners: array(tunerState) })),
    handle: async ({ core }) => json({ tuners: await core.tuners() }),
  }),
  route({
    id: 'getTuner',
    method: 'GET',
    path: '/api/v1/tuners/{tuner}',
    role: 'read',
    tag: 'tuners',
    summary: 'One tuner: its knobs with their bands, its objective, its limits',
    parameters: tunerParameter,
    answer: found(tunerState),
    problems: ['not-found'],
    handle: async ({ core, path }) => json(await core.tuner(path.tuner).state()),
  }),
  route({
    id: 'listChanges',
    method: 'GET',
    path: '/api/v1/tuners/{tuner}/changes',
    role: 'read',
    tag: 'tuners',
    summary: 'What was decided and on what evidence, the newest first',
    parameters: tunerParameter,
    description:
      'Sequence numbers begin anew with each run: to go on into the runs before, give `run` with `before`, both of the last change that was seen. Without `run`, `before` stays within the present run.',
    query: {
      limit,
      before,
      run: { type: 'string', minLength: 1, maxLength: 64, description: 'The run that `before` is of.' },
      type: { type: 'array', items: changeType, minItems: 1, maxItems: 20 },
      probes: { type: 'boolean', description: 'false: without probes, of which there are hundreds for a decision.' },
    },
    answer: found(object({ changes: array(change) })),
    problems: ['not-found'],
    handle: async ({ core, path, query }) =>
      json({
        changes: await core.tuner(path.tuner).changes({
          limit: query.limit ?? limit.default,
          before: query.before,
          run: query.run,
          types: query.type,
          probes: query.probes,
        }),
      }),
  }),
  route({
    id: 'listSeries',
    method: 'GET',
    path: '/api/v1/tuners/{tuner}/series',
    role: 'read',
    tag: 'history',
    summary: 'Which series there are, and how far back',
    parameters: tunerParameter,
    answer: found(seriesList),
    problems: ['not-found'],
    handle: async ({ core, path }) => json(await core.tuner(path.tuner).history.list()),
  }),
  route({
    id: 'getHistory',
    method: 'GET',
    path: '/api/v1/tuners/{tuner}/history',
    role: 'read',
    tag: 'history',
    summary: 'Series over time, thinned out to what a screen can show',
    description:
      'Each bucket has the least, the greatest and the mean value, so that no spike is lost: ask for as many buckets as there are pixels. Without `from` and `to`: all that there is.',
    parameters: tunerParameter,
    query: {
      series: {
        type: 'array',
        items: { type: 'string', minLength: 1, maxLength: 80, pattern: '^[A-Za-z0-9_.-]+$' },
        minItems: 1,
        maxItems: SERIES_MAX,
        description: 'Default: objective.',
      },
      from: number('Milliseconds since 1970.'),
      to: number('Milliseconds since 1970.'),
      buckets: { ...integer('At most so many.', 1, BUCKETS_MAX), default: 600 },
    },
    answer: found(range),
    problems: ['not-found'],
    handle: async ({ core, path, query }) => {
      const { history } = core.tuner(path.tuner)
      const { series = ['objective'], buckets = 600 } = query
      const known = await history.list()
      const fromMs = query.from ?? known.firstMs ?? 0
      const toMs = Math.max(fromMs, query.to ?? known.lastMs ?? fromMs)
      return json(await history.range({ series, fromMs, toMs, buckets }))
    },
  }),
  route({
    id: 'getTunerCommands',
    method: 'GET',
    path: '/api/v1/tuners/{tuner}/commands',
    role: 'read',
    tag: 'commands',
    summary: 'What a command would meet; its entity tag is what commands need',
    parameters: tunerParameter,
    answer: { ...found(operable), headers: { etag: 'Changes with everything that a command depends on.' } },
    problems: ['not-found'],
    handle: async ({ core, path }) => tagged(await core.tuner(path.tuner).operable()),
  }),
]

const REFLEX: readonly AnyRoute[] = [
  route({
    id: 'listBreakers',
    method: 'GET',
    path: '/api/v1/breakers',
    role: 'read',
    tag: 'reflex',
    summary: 'Every component with its breaker, the most recently touched ones first',
    answer: found(object({ breakers: array(componentState) })),
    handle: async ({ core }) => json({ breakers: core.reflex?.state().componentStates ?? [] }),
  }),
  route({
    id: 'getBreakerCommands',
    method: 'GET',
    path: '/api/v1/breakers/{component}/commands',
    role: 'read',
    tag: 'commands',
    summary: 'What a command would meet; its entity tag is what commands need',
    parameters: componentParameter,
    answer: { ...found(breakerOperable), headers: { etag: 'Changes with everything that a command depends on.' } },
    problems: ['not-found'],
    handle: ({ core, path }) => tagged(core.breaker(path.component)),
  }),
  route({
    id: 'getGraph',
    method: 'GET',
    path: '/api/v1/graph',
    role: 'read',
    tag: 'reflex',
    summary: 'Who was seen calling whom',
    answer: found(graph),
    handle: ({ core }) => json(core.reflex?.graph() ?? { nodes: [], edges: [], patterns: [] }),
  }),
  route({
    id: 'listWitnesses',
    method: 'GET',
    path: '/api/v1/witnesses',
    role: 'read',
    tag: 'reflex',
    summary: 'The latest 64 cascades with their evidence, oldest first',
    answer: found(object({ witnesses: array(witness) })),
    handle: ({ core }) => json({ witnesses: core.reflex?.witnesses() ?? [] }),
  }),
  route({
    id: 'listQueues',
    method: 'GET',
    path: '/api/v1/queues',
    role: 'read',
    tag: 'reflex',
    summary: 'Queues and what waits in them by tier',
    answer: found(object({ queues: array(queueState) })),
    handle: ({ core }) => json({ queues: core.queues() }),
  }),
]

function tagged(value: { readonly revision: string }): Reply {
  return json(value, { etag: `"${value.revision}"` })
}

export const ROUTES: readonly AnyRoute[] = [...READS, ...TUNERS, ...REFLEX, ...commandRoutes]
