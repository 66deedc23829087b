/** What must be refused, over real sockets and every framework, with the right status. */
import { createHash } from 'node:crypto'
import { connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { ServerOptions } from '../../ts/entries/server/node.js'
import { difference, parseTokens } from '../../ts/server/http/tokens.js'
import { ask, raw } from './support/ask.js'
import { alone, closeAll, FRAMEWORKS, type Mounted } from './support/mounted.js'
import { plant, TOKENS, tokens } from './support/plant.js'

afterEach(closeAll)

const COMMANDS = '/api/v1/tuners/catalog/commands'
const FREEZE = { command: 'freeze' }
const token = TOKENS.operator
const post = (at: Mounted, more: Parameters<typeof ask>[1] = {}) =>
  ask(at, { method: 'POST', path: COMMANDS, token, body: FREEZE, ...more })
const problem = (kind: string) => `urn:homeostat:problem:${kind}`

describe.each([...FRAMEWORKS, ['by itself', alone] as const])('%s', (framework, mount) => {
  async function started(more: Partial<ServerOptions> = {}) {
    const made = await plant(1)
    const at = await mount({ ...made.options, tokens, ...more })
    const frozen = async () => (await made.tuner.explain()).knobs.some((knob) => knob.frozen)
    return { at, frozen, ...made }
  }

  test('missing and wrong tokens: 401; a role that is too low: 403', async () => {
    const { at, frozen } = await started()
    const none = await post(at, { token: undefined })
    expect(none.status).toBe(401)
    expect(none.headers.get('www-authenticate')).toBe('Bearer realm="homeostat"')
    expect(none.json.type).toBe(problem('missing-token'))
    const wrongs = ['x', `${token}x`, token.slice(0, -1), token.toUpperCase(), `${token} ${token}`]
    for (const wrong of wrongs) {
      const refused = await post(at, { token: wrong })
      expect(refused.status).toBe(401)
      expect(refused.json.type).toBe(problem('invalid-token'))
      expect(refused.body).not.toContain(wrong === 'x' ? '"x"' : wrong)
    }
    expect(
      (await post(at, { token: undefined, headers: { authorization: `Basic ${btoa(`ada:${token}`)}` } })).status,
    ).toBe(401)
    expect((await post(at, { token: undefined, headers: { cookie: `token=${token}` } })).status).toBe(401)
    const low = await post(at, { token: TOKENS.reader })
    expect(low.status).toBe(403)
    expect(low.json.type).toBe(problem('role-too-low'))
    for (const path of ['/api/v1/state', '/metrics', '/api/v1/events', '/api/v1/operations', COMMANDS])
      expect((await ask(at, { path })).status).toBe(401)
    expect(await frozen()).toBe(false)
    expect((await post(at)).status).toBe(200)
    expect(await frozen()).toBe(true)
  })

  test('a token in the URL is refused, also a valid one: 400', async () => {
    const { at } = await started()
    for (const name of ['token', 'access_token', 'API_KEY'])
      expect((await ask(at, { path: `/api/v1/state?${name}=${token}`, token })).json.type).toBe(problem('token-in-url'))
  })

  test('a replayed token is who it names until it is withdrawn or expires; then 401', async () => {
    const { at } = await started({
      tokens: [...tokens, { name: 'guest', role: 'read', token: 'guest-token-0000000000000', expires: new Date(0) }],
    })
    expect((await ask(at, { path: '/api/v1/state', token: 'guest-token-0000000000000' })).status).toBe(401)
    expect((await ask(at, { path: '/api/v1', token })).json.actor).toEqual({ name: 'ada', role: 'operate' })
    expect((await ask(at, { path: '/api/v1', token })).status).toBe(200)
    at.operations.setTokens([{ name: 'ada', role: 'operate', token: TOKENS.other }])
    expect((await ask(at, { path: '/api/v1', token })).status).toBe(401)
    expect((await ask(at, { path: '/api/v1', token: TOKENS.other })).status).toBe(200)
  })

  test('tokens that are given out later close what was open only for want of any', async () => {
    const { at } = await started({ tokens: [] })
    expect((await ask(at, { path: '/api/v1/state' })).status).toBe(200)
    at.operations.setTokens([{ name: 'ada', role: 'operate', token: TOKENS.other }])
    expect((await ask(at, { path: '/api/v1/state' })).status).toBe(401)
    expect((await ask(at, { path: '/api/v1/state', token: TOKENS.other })).status).toBe(200)
  })

  test('guessing is slowed down: 429, but never for who holds a token', async () => {
    const { at } = await started()
    const start = performance.now()
    const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => post(at, { token: `guess-${i}` })))
    const limited = answers.filter(({ status }) => status === 429)
    // All but 30, and 5 for each second that passed.
    expect(limited.length).toBeGreaterThanOrEqual(Math.floor(100 - 30 - (performance.now() - start) / 200))
    expect(limited[0]?.headers.get('retry-after')).toBe('1')
    expect((await post(at)).status).toBe(200)
  })

  test('DNS rebinding: a host that is not served is refused before anything else: 421', async () => {
    const { at, frozen } = await started({ hosts: ['ops.example.com'] })
    for (const host of ['evil.example', `evil.example:${at.port}`, 'localhost.evil.example', '127.0.0.1.nip.io'])
      expect((await post(at, { headers: { host } })).status).toBe(421)
    for (const host of ['evil.example, localhost', 'local host', 'localhost/..', 'a@localhost'])
      expect((await post(at, { headers: { host } })).status).toBe(400)
    expect((await raw(at, `GET ${at.base}/health HTTP/1.1\r\nconnection: close\r\n\r\n`)).status).toBe(400)
    expect(
      (
        await raw(
          at,
          `GET ${at.base}/health HTTP/1.1\r\nhost: localhost\r\nhost: evil.example\r\nconnection: close\r\n\r\n`,
        )
      ).status,
    ).toBe(400)
    expect(await frozen()).toBe(false)
    for (const host of [
      'localhost',
      `LocalHost:${at.port}`,
      '[::1]:80',
      '10.1.2.3',
      'ops.example.com',
      'ops.example.com:443',
    ])
      expect((await ask(at, { path: '/health', headers: { host } })).status).toBe(200)
  })

  test('without tokens: only somebody on this machine, without anybody in between', async () => {
    const { at, frozen } = await started({ tokens: [] })
    expect((await post(at, { token: undefined, headers: { host: '10.1.2.3' } })).status).toBe(401)
    for (const header of ['x-forwarded-for', 'x-forwarded-proto', 'forwarded', 'via', 'x-real-ip'])
      expect((await post(at, { token: undefined, headers: { [header]: '10.1.2.3' } })).status).toBe(401)
    expect((await post(at)).status).toBe(401)
    expect(await frozen()).toBe(false)
    const done = await post(at, { token: undefined })
    expect(done.status).toBe(200)
    expect((await ask(at, { path: '/api/v1/operations' })).json.operations[0].actor).toBe('(loopback)')
    // Somebody elsewhere, as the server is told by whoever took the request in.
    const elsewhere = new Request(`http://127.0.0.1${at.base}/api/v1/state`)
    expect((await at.operations.fetch(elsewhere, { peer: '10.1.2.3', base: at.base })).status).toBe(401)
    expect((await at.operations.fetch(elsewhere, { base: at.base })).status).toBe(401)
  })

  test('cross-site posts: 403 with another origin, and what a form can send is no command: 415', async () => {
    const { at, frozen } = await started({ tokens: [], origins: ['https://ops.example.com'] })
    const from = (headers: Record<string, string>) => post(at, { token: undefined, headers })
    for (const origin of [
      'https://evil.example',
      'null',
      `http://localhost:${at.port}`,
      `http://127.0.0.1:${at.port}.evil.example`,
    ])
      expect((await from({ origin })).status).toBe(403)
    for (const site of ['cross-site', 'same-site'])
      expect((await from({ 'sec-fetch-site': site, 'sec-fetch-mode': 'no-cors' })).status).toBe(403)
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/json, text/plain',
      '',
    ])
      expect((await from({ 'content-type': type })).status).toBe(415)
    expect((await from({ 'content-encoding': 'gzip' })).status).toBe(415)
    expect(await frozen()).toBe(false)
    const preflight = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' }
    const evil = await ask(at, {
      method: 'OPTIONS',
      path: COMMANDS,
      headers: { ...preflight, origin: 'https://evil.example' },
    })
    expect(evil.status).toBe(403)
    expect(evil.headers.has('access-control-allow-origin')).toBe(false)
    const listed = { origin: 'https://ops.example.com' }
    const allowed = await ask(at, { method: 'OPTIONS', path: COMMANDS, headers: { ...preflight, ...listed } })
    expect(allowed.status).toBe(204)
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://ops.example.com')
    expect(allowed.headers.has('access-control-allow-credentials')).toBe(false)
    const own = await from({ origin: `http://127.0.0.1:${at.port}`, 'sec-fetch-site': 'same-origin' })
    expect(own.status).toBe(200)
  })

  test('path traversal leads nowhere: 400 and 404, never a file', async () => {
    const { at } = await started()
    const paths = [
      '/../package.json',
      '/../../../../etc/passwd',
      '/%2e%2e/%2e%2e/etc/passwd',
      '/..%2f..%2fetc%2fpasswd',
      '/..%5c..%5cetc',
      '/assets/..\\..\\x',
      '/%00',
      '/a%00.js',
      '/.',
      '/%',
      '/%c0%ae%c0%ae/x',
      '//etc/passwd',
      '/api/v1/tuners/..%2f..%2fstate',
      '/api/v1/tuners/%2e%2e/commands',
      '/__proto__',
      '/constructor',
    ]
    for (const path of paths) {
      const { status, body } = await ask(at, { path, token })
      expect([path, status]).toEqual([path, expect.toSatisfy((s: number) => s === 400 || s === 404)])
      expect(body).not.toMatch(/root:|"name": "homeostat"/)
    }
    const absolute = await raw(
      at,
      `GET http://127.0.0.1/health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`,
    )
    expect([400, 404]).toContain(absolute.status)
  })

  test('oversized bodies: 413, whether they say so or not', async () => {
    const { at, frozen } = await started({ bodyMax: 2048 })
    const reason = 'x'.repeat(3000)
    const said = await post(at, { body: { ...FREEZE, reason } })
    expect(said.status).toBe(413)
    expect(said.json.type).toBe(problem('body-too-large'))
    const chunk = 'x'.repeat(1000)
    const unsaid = await raw(
      at,
      `POST ${at.base}${COMMANDS} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n${`3e8\r\n${chunk}\r\n`.repeat(4)}`,
    )
    expect(unsaid.status).toBe(413)
    const fits = await post(at, { body: { ...FREEZE, reason: 'x'.repeat(501) } })
    expect(fits.status).toBe(422)
    expect(await frozen()).toBe(false)
  })

  test('slow bodies: 408, and the connection ends', async () => {
    const { at } = await started({ bodyTimeout: 150 })
    const head = `POST ${at.base}${COMMANDS} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{`
    const start = performance.now()
    const slow = await raw(at, head)
    expect(slow.status).toBe(408)
    expect(slow.json.type).toBe(problem('body-too-slow'))
    expect(slow.headers.get('connection')).toBe('close')
    expect(performance.now() - start).toBeLessThan(50_000)
    expect((await post(at)).status).toBe(200)
  })

  test('header injection: nothing that came goes out in a header, and what splits one is refused', async () => {
    const { at } = await started()
    const evil = 'a%0d%0aset-cookie:%20a=b'
    for (const path of [
      `/${evil}`,
      `/api/v1/tuners/${evil}`,
      `/api/v1/breakers/${evil}/commands`,
      `/api/v1/state?x=${evil}`,
    ]) {
      const { status, headers } = await ask(at, { path, token })
      expect([400, 404, 422]).toContain(status)
      expect(headers.has('set-cookie')).toBe(false)
    }
    for (const [name, value] of [
      ['idempotency-key', 'a\u0000b'],
      ['idempotency-key', 'a\u00e9'],
      ['if-match', '"a\u0001"'],
    ] as const)
      expect((await post(at, { headers: { [name]: value } })).status).toBe(400)
    const split = await post(at, { headers: { 'idempotency-key': 'a\rset-cookie: x=y' } })
    expect(split.status).toBe(400)
    expect(split.headers.has('set-cookie')).toBe(false)
    const smuggled = await raw(
      at,
      `POST ${at.base}${COMMANDS} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    )
    expect(smuggled.status).toBe(400)
    const twice = await raw(
      at,
      `GET ${at.base}/api/v1/state HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\nauthorization: Bearer x\r\nconnection: close\r\n\r\n`,
    )
    expect(twice.status).toBe(400)
  })

  test('other methods: 405 with what there is; what is no body: 400', async () => {
    const { at } = await started()
    for (const method of ['PUT', 'DELETE', 'PATCH']) {
      const { status, headers } = await ask(at, { method, path: COMMANDS, token })
      expect([method, status, headers.get('allow')]).toEqual([method, 405, 'GET, HEAD, POST'])
    }
    expect((await ask(at, { method: 'POST', path: '/api/v1/state', token, body: {} })).status).toBe(405)
    for (const body of ['', '{', '{"command":"freeze"', 'undefined'])
      expect((await post(at, { body })).status).toBe(400)
    const head = await ask(at, { method: 'HEAD', path: '/api/v1/state', token })
    expect([head.status, head.body]).toEqual([200, ''])
  })

  test('pages: a policy that lets nothing run within them but what it names, in no frame', async () => {
    const { at } = await started()
    const page = await ask(at, { path: '/' })
    expect(page.status).toBe(200)
    const policy = page.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toContain('unsafe')
    expect(page.headers.get('x-content-type-options')).toBe('nosniff')
    expect(page.body).not.toMatch(/\s(?:src|href)="\/\/|\sstyle=|\son\w+=|@import|url\(|https?:\/\//)
    const known = [...page.body.matchAll(/<(script|style)>(.*?)<\/\1>/gs)].map(([, element, text = '']) => {
      const directive = policy.split('; ').find((one) => one.startsWith(`${element}-src `))
      return directive?.includes(`'sha256-${createHash('sha256').update(text).digest('base64')}'`)
    })
    expect(known).toEqual(known.map(() => true))
    expect(page.body.match(/<(script|style)(?![^>]* src=")/g) ?? []).toHaveLength(known.length)
    if (framework !== 'by itself') {
      const moved = await raw(at, `GET /ops HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`)
      expect([moved.status, moved.headers.get('location')]).toEqual([308, '/ops/'])
    }
  })
})

test('listening elsewhere than on loopback needs a token', async () => {
  const { options } = await plant()
  const { server } = await import('../../ts/entries/server/node.js')
  const open = await server({ ...options, tokens: [] })
  for (const host of ['0.0.0.0', '::', '10.1.2.3', 'example.com'])
    await expect(open.listen({ host, port: 0 })).rejects.toMatchObject({
      code: 'HOMEOSTAT_INVALID_OPTION',
      option: 'host',
    })
  await open.close()
  const guarded = await server({ ...options, tokens })
  const { port } = await guarded.listen({ host: '0.0.0.0', port: 0 })
  expect((await fetch(`http://127.0.0.1:${port}/api/v1/state`)).status).toBe(401)
  await expect(guarded.listen({ port })).rejects.toMatchObject({ option: 'port' })
  await guarded.close()
})

test('a token that is too short, twice the same name, or an unknown role is refused, and is in no message', async () => {
  const { server } = await import('../../ts/entries/server/node.js')
  const secret = 'short-secret'
  const short = server({ tokens: [{ name: 'ada', role: 'read', token: secret }] })
  await expect(short).rejects.toMatchObject({ option: 'tokens[0].token' })
  await expect(short).rejects.not.toThrow(secret)
  await expect(server({ tokens: [tokens[0], tokens[0]] })).rejects.toMatchObject({ code: 'HOMEOSTAT_DUPLICATE_NAME' })
  await expect(server({ tokens: [{ ...tokens[0], role: 'root' as never }] })).rejects.toMatchObject({
    option: 'tokens[0].role',
  })
})

test('tokens as text: lines, commas between entries and within tokens, remarks', () => {
  const [one, two, odd] = ['a'.repeat(24), 'b'.repeat(24), `c,${'d'.repeat(22)},e`]
  const text = `# who, what read\nann read ${one}, bob operate ${two},\n\ncat read ${odd},dan read ${one}\r\neve operate ${odd} 2040-01-01T00:00:00Z`
  expect(parseTokens('tokens', text).map(({ name, role, token }) => [name, role, token])).toEqual([
    ['ann', 'read', one],
    ['bob', 'operate', two],
    ['cat', 'read', odd],
    ['dan', 'read', one],
    ['eve', 'operate', odd],
  ])
  const wrong = () => parseTokens('tokens', `# a\nann read ${one}\nbob read ${two} 2040-01-01 more`)
  expect(wrong).toThrow(expect.objectContaining({ option: 'tokens, line 3' }))
})

test('addresses of the sixth version are hosts and origins like others', async () => {
  const { options } = await plant()
  const origin = 'https://[2001:db8::1]:8443'
  const at = await alone({ ...options, tokens, hosts: ['[2001:db8::1]:8443'], origins: [origin] })
  const { status, headers } = await ask(at, { path: '/api/v1', token: TOKENS.reader, headers: { origin } })
  expect([status, headers.get('access-control-allow-origin')]).toEqual([200, origin])
  await expect(alone({ ...options, origins: ['https://[::1'] })).rejects.toMatchObject({ option: 'origins' })
})

test('digests are compared to the last byte, wherever they differ', () => {
  const bytes = Array.from({ length: 32 }, (_, i) => i)
  for (const at of [undefined, 0, 15, 31]) {
    let reads = 0
    const counted = new Proxy(bytes, {
      get: (target, key) => {
        reads++
        return Reflect.get(target, key)
      },
    })
    const other = bytes.map((byte, i) => (i === at ? byte + 1 : byte))
    expect(difference(counted, other) === 0).toBe(at === undefined)
    expect(reads).toBe(32)
  }
})

test('a client that sends its head slowly holds one connection and nothing else', async () => {
  const { options } = await plant()
  const at = await alone({ ...options, tokens })
  const slow = connect(at.port, '127.0.0.1')
  slow.on('error', () => {})
  slow.write('GET /health HTTP/1.1\r\nhost: local')
  expect((await ask(at, { path: '/health' })).json).toEqual({ status: 'ok' })
  slow.destroy()
})
