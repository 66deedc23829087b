/**
 * Errors of the interface as problem documents, RFC 9457. `type` is what programs compare; nothing that a request said is repeated
 * in a header.
 */
import type { Fault } from '../schema/check.js'
import { array, integer, type Of, object, text } from '../schema/schema.js'

/** Every kind of problem: its status and title. */
export const PROBLEMS = {
  'malformed-request': [400, 'The request is malformed'],
  'token-in-url': [400, 'Tokens do not belong into URLs'],
  'missing-token': [401, 'A token is needed'],
  'invalid-token': [401, 'The token is not valid'],
  'role-too-low': [403, 'The token’s role does not allow this'],
  'cross-origin': [403, 'Requests from other origins are not answered'],
  'not-found': [404, 'There is no such thing'],
  'method-not-allowed': [405, 'The method is not one of this resource'],
  'body-too-slow': [408, 'The body took too long'],
  refused: [409, 'The command was refused'],
  'in-progress': [409, 'The first request with this key is not answered yet'],
  'stale-page': [412, 'Things have changed since this was looked at'],
  'body-too-large': [413, 'The body is too large'],
  'unsupported-media-type': [415, 'The body must be JSON'],
  'wrong-host': [421, 'This host is not served here'],
  'invalid-request': [422, 'The request does not fit its schema'],
  'key-reused': [422, 'The idempotency key was used for another request'],
  'precondition-required': [428, 'If-Match is needed'],
  'too-many-attempts': [429, 'Too many wrong tokens'],
  'internal-error': [500, 'Something went wrong here'],
  'journal-unavailable': [503, 'The journal cannot be written'],
  'too-many-readers': [503, 'Too many event streams'],
} as const satisfies Record<string, readonly [number, string]>
export type ProblemKind = keyof typeof PROBLEMS

export const problemDocument = object(
  {
    type: text('What programs compare: `urn:homeostat:problem:…`.'),
    title: text(),
    status: integer('', 400, 599),
    detail: text('For people.'),
    errors: array(
      object({ pointer: text('JSON Pointer to what is wrong, or the name of a parameter.'), detail: text() }),
      'What does not fit the schema.',
    ),
    violation: text('Of a command that was refused: why.'),
    operation: integer('Its place in the journal of operations.'),
  },
  ['errors', 'violation', 'operation'],
)

export interface ProblemDetails {
  readonly errors?: readonly Fault[]
  readonly violation?: string
  readonly operation?: number
  /** Fixed texts only. */
  readonly headers?: Readonly<Record<string, string>>
}

/** Thrown inside, answered as a problem document. */
export class Problem extends Error {
  readonly kind: ProblemKind
  readonly details: ProblemDetails

  constructor(kind: ProblemKind, detail: string, details: ProblemDetails = {}) {
    super(detail)
    this.kind = kind
    this.details = details
  }

  get status(): number {
    return PROBLEMS[this.kind][0]
  }

  get document(): Of<typeof problemDocument> {
    const [status, title] = PROBLEMS[this.kind]
    const { errors, violation, operation } = this.details
    return {
      type: `urn:homeostat:problem:${this.kind}`,
      title,
      status,
      detail: this.message,
      ...(errors && { errors }),
      ...(violation !== undefined && { violation }),
      ...(operation !== undefined && { operation }),
    }
  }
}
