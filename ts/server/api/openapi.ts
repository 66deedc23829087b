/**
 * The OpenAPI 3.1 document, from the table of routes and the very schemas that validate requests.
 */

import { range, seriesList } from '../history/history.js'
import { PROBLEMS, type ProblemKind, problemDocument } from '../http/problem.js'
import type { Schema } from '../schema/schema.js'
import { breakerCommand, breakerOperable, commandResult, operable, operation, tunerCommand } from './commands.js'
import { type AnyRoute, namesIn } from './route.js'
import * as states from './state.js'

/** Schemas that have a name of their own in the document; everything else is written in place. */
const NAMED: readonly (readonly [string, Schema])[] = [
  ['Problem', problemDocument],
  ['State', states.state],
  ['TunerState', states.tunerState],
  ['KnobState', states.knobState],
  ['Change', states.change],
  ['ReflexState', states.reflexState],
  ['ComponentState', states.componentState],
  ['Witness', states.witness],
  ['Graph', states.graph],
  ['QueueState', states.queueState],
  ['TunerCommand', tunerCommand],
  ['BreakerCommand', breakerCommand],
  ['TunerOperable', operable],
  ['BreakerOperable', breakerOperable],
  ['CommandResult', commandResult],
  ['Operation', operation],
  ['Range', range],
  ['SeriesList', seriesList],
]

/** Problems that every operation may have; those of tokens only where one is needed. */
const ALWAYS: readonly ProblemKind[] = [
  'malformed-request',
  'token-in-url',
  'cross-origin',
  'wrong-host',
  'internal-error',
]
const WITH_TOKEN: readonly ProblemKind[] = ['missing-token', 'invalid-token', 'role-too-low', 'too-many-attempts']

type Document = { readonly [key: string]: unknown }

/** Names that are there, for parameters of paths: those that stay are all that is allowed, of others some are examples. */
export interface Known {
  readonly tuners: readonly string[]
  readonly components: readonly string[]
}

const NOBODY: Known = { tuners: [], components: [] }

export function openApi(routes: readonly AnyRoute[], version: string, base: string, known: Known = NOBODY): Document {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const one of routes) {
    paths[one.path] ??= {}
    ;(paths[one.path] as Record<string, unknown>)[one.method.toLowerCase()] = operationOf(one, known)
  }
  const schemas = Object.fromEntries(NAMED.map(([name, schema]) => [name, inner(schema)]))
  return {
    openapi: '3.1.0',
    info: {
      title: 'Homeostat operations',
      version,
      description:
        'What a self-regulating process does, and what may be asked of it. Queries are GET, commands are POST. Errors are problem documents (RFC 9457).',
      license: { name: 'MIT OR Apache-2.0', identifier: 'MIT OR Apache-2.0' },
    },
    servers: [{ url: base === '' ? '/' : base }],
    tags: ['server', 'state', 'tuners', 'history', 'reflex', 'commands'].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'Tokens are given out by the operator.' },
      },
      schemas,
    },
  }
}

function operationOf(one: AnyRoute, known: Known): Document {
  const path = namesIn(one.path).map((name) => ({
    name,
    in: 'path',
    required: true,
    schema: { ...refer(one.parameters?.[name] ?? {}), ...knownOf(name, known) },
  }))
  const query = Object.entries((one.query ?? {}) as Record<string, Schema>).map(([name, schema]) => ({
    name,
    in: 'query',
    required: false,
    ...(schema.type === 'array' && { style: 'form', explode: false }),
    ...(schema.description !== undefined && { description: schema.description }),
    schema: refer(schema),
  }))
  const headers = Object.entries(one.headers ?? {}).map(([name, schema]) => ({
    name,
    in: 'header',
    required: false,
    description: schema.description,
    schema: refer(schema),
  }))
  const body = one.body as Schema | undefined
  return {
    operationId: one.id,
    tags: [one.tag],
    summary: one.summary,
    ...(one.description !== undefined && { description: one.description }),
    ...(one.role !== 'none' && { 'x-role': one.role }),
    security: one.role === 'none' ? [] : [{ bearer: [] }, {}],
    parameters: [...path, ...query, ...headers],
    ...(body !== undefined && {
      requestBody: { required: true, content: { 'application/json': { schema: refer(body) } } },
    }),
    responses: { 200: answerOf(one.answer), ...problemsOf(one) },
  }
}

function knownOf(parameter: string, { tuners, components }: Known): Document {
  if (parameter === 'tuner' && tuners.length > 0) return { enum: tuners }
  return parameter === 'component' && components.length > 0 ? { examples: components } : {}
}

function answerOf({ description, type, schema, headers }: AnyRoute['answer']): Document {
  const media = type ?? 'application/json'
  const text = media.split(';')[0] as string
  return {
    description,
    ...(headers !== undefined && {
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, said]) => [name, { description: said, schema: { type: 'string' } }]),
      ),
    }),
    content: { [text]: { schema: schema === undefined ? { type: 'string' } : refer(schema) } },
  }
}

function problemsOf(one: AnyRoute): Document {
  const kinds: ProblemKind[] = [...ALWAYS, ...(one.problems ?? [])]
  if (one.role !== 'none') kinds.push(...WITH_TOKEN)
  // A query that is not known is refused everywhere.
  kinds.push('invalid-request')
  const byStatus = new Map<number, ProblemKind[]>()
  for (const kind of kinds) {
    const [status] = PROBLEMS[kind]
    byStatus.set(status, [...(byStatus.get(status) ?? []), kind])
  }
  return Object.fromEntries(
    [...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, of]) => [
        status,
        {
          description: [...new Set(of)].map((kind) => `\`${kind}\`: ${PROBLEMS[kind][1]}.`).join(' '),
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      ]),
  )
}

/** A schema, by its name where it has one. */
function refer(schema: Schema): Document {
  const named = NAMED.find(([, one]) => one === schema)
  return named === undefined ? inner(schema) : { $ref: `#/components/schemas/${named[0]}` }
}

function inner(schema: Schema): Document {
  const { properties, items, oneOf, additionalProperties, ...rest } = schema
  return {
    ...rest,
    ...(properties !== undefined && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, refer(one)])),
    }),
    ...(items !== undefined && { items: refer(items) }),
    ...(oneOf !== undefined && { oneOf: oneOf.map(refer) }),
    ...(additionalProperties !== undefined && {
      additionalProperties:
        typeof additionalProperties === 'boolean' ? additionalProperties : refer(additionalProperties),
    }),
  }
}
