/**
 * Who asks. Tokens are kept as SHA-256 only, and a given one is compared with all of them to the last byte, so that neither its
 * content nor its place can be told from the time that it takes.
 *
 * A token is a bearer token: whoever holds it is who it names, from any address, as often as they like, until it expires or is
 * withdrawn. From then on it is refused, and streams that it opened end.
 */
import { wallTimeMs } from '../../clock.js'
import { invalid } from '../../errors.js'
import * as check from '../../schema/checks.js'
import { Problem } from './problem.js'

export type Role = 'read' | 'operate'
const ROLES = ['read', 'operate'] as const

export interface TokenOptions {
  /** Who holds it; the journal names it. 1 to 64 of A-Z a-z 0-9 _ -, starting with a letter. */
  readonly name: string
  /** `read` sees everything, `operate` may also command. */
  readonly role: Role
  /** 24 to 512 visible characters of ASCII; at least 128 bits of chance: `openssl rand -base64 24`. */
  readonly token: string
  /** From when on it is refused. Default: never. */
  readonly expires?: Date | undefined
}

export interface Actor {
  readonly name: string
  readonly role: Role
}

interface Known extends Actor {
  readonly digest: Uint8Array
  readonly expiresMs: number
  digested: boolean
}

const TOKEN = /^[\x21-\x7e]{24,512}$/
const TOKENS_MAX = 1000
const DIGEST_BYTES = 32
/** Wrong tokens: so many at once, and so many per second from then on. */
const ATTEMPTS = 30
const ATTEMPTS_PER_SECOND = 5

export class Tokens {
  #known: readonly Known[] = []
  #ready: Promise<void> = Promise.resolve()
  /** The tokens that those who were let in had: a name alone may stand for another one by now. */
  readonly #tokenOf = new WeakMap<Actor, Known>()
  #attempts = ATTEMPTS
  #refilledMs = wallTimeMs()

  constructor(given: readonly TokenOptions[]) {
    this.replace(given)
  }

  get empty(): boolean {
    return this.#known.length === 0
  }

  /** The tokens from now on. Resolves when `holds` can tell tokens of one name apart. */
  replace(given: readonly TokenOptions[]): Promise<void> {
    if (!Array.isArray(given) || given.length > TOKENS_MAX) throw invalid('tokens', `at most ${TOKENS_MAX}`, given)
    const checked = given.map((one, i) => checkToken(`tokens[${i}]`, one))
    if (new Set(checked.map(({ name }) => name)).size < checked.length)
      throw invalid(
        'tokens',
        'of different names',
        checked.map(({ name }) => name).join(', '),
        'HOMEOSTAT_DUPLICATE_NAME',
      )
    const known: Known[] = checked.map(({ name, role, expires }) => ({
      name,
      role,
      expiresMs: expires?.getTime() ?? Number.POSITIVE_INFINITY,
      digest: new Uint8Array(DIGEST_BYTES),
      digested: false,
    }))
    this.#known = known
    this.#ready = Promise.all(
      checked.map(async ({ token }, i) => {
        const one = known[i] as Known
        one.digest.set(await digestOf(token))
        one.digested = true
      }),
    ).then(() => {})
    return this.#ready
  }

  /** Who a header stands for. Throws `missing-token`, `invalid-token` or `too-many-attempts`. */
  async actorOf(authorization: string | null): Promise<Actor> {
    if (authorization === null)
      throw new Problem('missing-token', 'send `authorization: Bearer <token>`', {
        headers: { 'www-authenticate': 'Bearer realm="homeostat"' },
      })
    const token = /^Bearer +([\x21-\x7e]{1,512})$/i.exec(authorization)?.[1]
    await this.#ready
    const found = token === undefined ? undefined : await this.#find(token)
    if (found !== undefined) {
      const actor: Actor = { name: found.name, role: found.role }
      this.#tokenOf.set(actor, found)
      return actor
    }
    this.#countAttempt()
    throw new Problem('invalid-token', 'the token is unknown, has expired or was withdrawn', {
      headers: { 'www-authenticate': 'Bearer realm="homeostat", error="invalid_token"' },
    })
  }

  /** Whether who was let in may still be: by the very token that let them in. */
  holds(actor: Actor): boolean {
    const token = this.#tokenOf.get(actor)
    if (token === undefined) return false
    const nowMs = wallTimeMs()
    return this.#known.some(
      (one) =>
        one.name === actor.name &&
        one.role === actor.role &&
        one.expiresMs > nowMs &&
        // Until it is known which one it is, it may be the same.
        (!one.digested || difference(one.digest, token.digest) === 0),
    )
  }

  async #find(token: string): Promise<Known | undefined> {
    const digest = await digestOf(token)
    const nowMs = wallTimeMs()
    let found: Known | undefined
    for (const one of this.#known) {
      // Without an early end: which one fits cannot be told from the time either.
      if (difference(digest, one.digest) === 0 && one.expiresMs > nowMs) found = one
    }
    return found
  }

  /** Guessing is slowed down; who holds a token never notices. */
  #countAttempt(): void {
    const nowMs = wallTimeMs()
    const refill = (Math.max(0, nowMs - this.#refilledMs) * ATTEMPTS_PER_SECOND) / 1000
    this.#attempts = Math.min(ATTEMPTS, this.#attempts + refill)
    this.#refilledMs = nowMs
    if (this.#attempts < 1)
      throw new Problem('too-many-attempts', 'too many wrong tokens were sent', { headers: { 'retry-after': '1' } })
    this.#attempts--
  }
}

/** 0 where two digests are the same; looks at every byte, wherever they differ. @internal */
export function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let found = 0
  for (let i = 0; i < DIGEST_BYTES; i++) found |= (a[i] as number) ^ (b[i] as number)
  return found
}

function checkToken(at: string, value: unknown): TokenOptions {
  const given = check.object(at, value) as unknown as TokenOptions
  check.onlyKeys(at, given, ['name', 'role', 'token', 'expires'])
  const { expires, token } = given
  // Never in a message: it would end up in logs.
  if (typeof token !== 'string' || !TOKEN.test(token))
    throw invalid(`${at}.token`, '24 to 512 visible ASCII characters', `${String(token ?? '').length} characters`)
  if (expires !== undefined && !(expires instanceof Date && Number.isFinite(expires.getTime())))
    throw invalid(`${at}.expires`, 'a date', expires)
  return {
    name: check.name(`${at}.name`, given.name),
    role: check.oneOf(`${at}.role`, given.role, ROLES),
    token,
    expires,
  }
}

/** A comma between entries; one within a token is followed by neither a space, the end nor another entry. */
const BETWEEN = /,(?=\s|$|[A-Za-z][A-Za-z0-9_-]{0,63}\s+(?:read|operate)\s)/

/** Tokens as a file or an environment variable has them: `name role token [expires]` a line (or after a comma), `#` begins a remark. */
export function parseTokens(at: string, text: string): TokenOptions[] {
  return text.split('\n').flatMap((line, i) => {
    if (line.trimStart().startsWith('#')) return []
    const entries = line.split(BETWEEN).map((entry) => entry.trim())
    return entries.filter((entry) => entry !== '').map((entry) => tokenOf(`${at}, line ${i + 1}`, entry))
  })
}

function tokenOf(at: string, entry: string): TokenOptions {
  const [name, role, token, expires, ...rest] = entry.split(/\s+/)
  if (rest.length > 0) throw invalid(at, '`name role token [expires]`', 'more words')
  return checkToken(at, { name, role, token, ...(expires !== undefined && { expires: new Date(expires) }) })
}

async function digestOf(token: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token)))
}
