/**
 * The commands, and the order in which one is done: its key was not used before; what it looked at is still so; it is journaled; it
 * is done in the same turn as the last look; what came of it is journaled.
 */
import { ifMatch, json, problemReply, type Reply } from '../http/answer.js'
import type { Answer } from '../http/idempotency.js'
import { Problem } from '../http/problem.js'
import type { Obeyed } from '../sources.js'
import type { BreakerCommand, TunerCommand } from './commands.js'
import { breakerCommand, type CommandResult, commandResult, protects, tunerCommand } from './commands.js'
import { type AnyRoute, type Ask, route } from './route.js'

const HEADERS = {
  'if-match': {
    type: 'string',
    maxLength: 1024,
    description:
      'The entity tag of what was looked at, or `*` for whatever there is. Needed, except by what protects: `freeze`, `off`, SafeMode, opening a breaker.',
  },
  'idempotency-key': {
    type: 'string',
    minLength: 1,
    maxLength: 128,
    description: 'Sent again with the same request, it gets the first answer again and nothing is done twice.',
  },
} as const
const PROBLEMS = [
  'not-found',
  'body-too-slow',
  'refused',
  'in-progress',
  'stale-page',
  'body-too-large',
  'unsupported-media-type',
  'key-reused',
  'precondition-required',
  'journal-unavailable',
] as const
const ANSWER = {
  description: 'It was done.',
  schema: commandResult,
  headers: {
    etag: 'The entity tag from now on.',
    'idempotency-replayed': '`true` where this is the first answer again.',
  },
}

export const commandRoutes: readonly AnyRoute[] = [
  route({
    id: 'commandTuner',
    method: 'POST',
    path: '/api/v1/tuners/{tuner}/commands',
    role: 'operate',
    tag: 'commands',
    summary: 'Asks a tuner for something: roll back, freeze, mode, off, SafeMode, a value',
    parameters: { tuner: { type: 'string', minLength: 1, maxLength: 64 } },
    headers: HEADERS,
    body: tunerCommand,
    answer: ANSWER,
    problems: PROBLEMS,
    handle: (ask) => {
      const tuner = ask.core.tuner(ask.path.tuner)
      return once(ask, ask.body, {
        target: `tuner ${tuner.name}`,
        revision: async () => (await tuner.operable()).revision,
        obey: () => tuner.obey(ask.body as TunerCommand),
      })
    },
  }),
  route({
    id: 'commandBreaker',
    method: 'POST',
    path: '/api/v1/breakers/{component}/commands',
    role: 'operate',
    tag: 'commands',
    summary: 'Asks a breaker for something: open, force open, disable, back to itself',
    parameters: { component: { type: 'string', minLength: 1, maxLength: 128 } },
    headers: HEADERS,
    body: breakerCommand,
    answer: ANSWER,
    problems: PROBLEMS,
    handle: (ask) => {
      const { core, path, body } = ask
      const { component } = core.breaker(path.component)
      return once(ask, body, {
        target: `breaker ${component}`,
        revision: async () => core.breaker(component).revision,
        obey: async () => {
          const known = core.reflex?.obey(component, body as BreakerCommand) ?? false
          return { violation: known ? undefined : 'gone', generation: null, entries: [] }
        },
      })
    },
  }),
]

interface Target {
  readonly target: string
  /** Of what there is now. */
  revision(): Promise<string>
  obey(): Promise<Omit<Obeyed, 'generation'> & { readonly generation: number | null }>
}

type AnyAsk = Pick<Ask<never, never>, 'core' | 'actor' | 'peer' | 'request' | 'bodyText'>

async function once(ask: AnyAsk, command: TunerCommand | BreakerCommand, target: Target): Promise<Reply> {
  const { core, actor, request, bodyText } = ask
  const { headers } = request
  const wanted = ifMatch(headers.get('if-match'))
  if (wanted === null && !protects(command))
    throw new Problem('precondition-required', 'send If-Match with the entity tag of what you looked at')
  const fingerprint = `${target.target}\n${headers.get('if-match')}\n${bodyText}`
  const { answer, replayed } = await core.replays.once(
    actor.name,
    headers.get('idempotency-key'),
    fingerprint,
    () => perform(ask, command, target, wanted),
    protects(command),
  )
  return replayed ? { ...answer, headers: { ...answer.headers, 'idempotency-replayed': 'true' } } : answer
}

async function perform(
  { core, actor, peer }: AnyAsk,
  command: TunerCommand | BreakerCommand,
  target: Target,
  wanted: readonly string[] | '*' | null,
): Promise<Answer> {
  const { seq, end } = await core.operations.ask({
    actor: actor.name,
    peer: peer ?? null,
    target: target.target,
    command: { ...command },
    protects: protects(command),
  })
  try {
    // From here to `obey` nothing waits for anything but what is there already.
    if (wanted !== null && wanted !== '*' && !wanted.includes(await target.revision()))
      throw new Problem('stale-page', 'something changed since: look again', { operation: seq })
    const { violation, generation, entries } = await target.obey()
    if (violation !== undefined) {
      await end({ outcome: 'refused', violation, generation, entries })
      const problem = new Problem('refused', `refused: ${violation}`, { violation, operation: seq })
      return { ...problemReply(problem), body: JSON.stringify(problem.document) }
    }
    const revision = await target.revision()
    await end({ outcome: 'done', violation: null, generation, entries })
    const result: CommandResult = { operation: seq, outcome: 'done', generation, revision, entries }
    return { ...json(result, { etag: `"${revision}"` }), body: JSON.stringify(result) }
  } catch (error) {
    const known = error instanceof Problem
    const violation = known ? (error.details.violation ?? error.kind) : null
    await end({ outcome: known ? 'refused' : 'failed', violation, generation: null, entries: [] })
    throw error
  }
}
