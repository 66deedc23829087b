/** Both targets of the reflex answer the same to the last bit, and expose the same surface. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { REFLEX_HOT, REFLEX_METHODS, type ReflexModule } from '../../ts/bindings/reflex.js'
import { nativeReflexBinding } from '../../ts/bindings/reflex-native.js'
import { wasmReflexBinding } from '../../ts/bindings/reflex-wasm.js'
import { platformTriple } from '../../ts/node/load-core.js'
import { EVENT_KINDS, RECORD_BYTES, type ReflexBinding } from '../../ts/reflex-binding.js'
import { generator } from '../support/random-operations.js'

const out = (path: string): string => fileURLToPath(new URL(`../../out/${path}`, import.meta.url))
const addon = createRequire(import.meta.url)(out(`native/homeostat.${platformTriple()}.node`)) as ReflexModule
const targets: ReflexBinding[] = [
  nativeReflexBinding(addon),
  wasmReflexBinding(readFileSync(out('wasm/homeostat_reflex_bg.wasm'))),
]
const OPERATIONS = 20_000

/** A seeded stream of calls of every kind, with a clock that jumps and steps back; a hash of every answer. */
function operate(target: ReflexBinding, seed: number): string {
  const random = generator(seed)
  const below = (n: number): number => Math.floor(random() * n)
  const log = createHash('sha256')
  const options = {
    run_id: 'targets',
    components: 16,
    permits: 64,
    traces: 32,
    patterns: 8,
    seed,
    breaker: { consecutive: 3, open_us: 1000, slow_us: 500, lease_us: 5000 },
    cascade: { minimum_calls: 3, stage_us: 2000, open_us: 1000, stagger_us: 100 },
  }
  const reflex = target.createReflex(JSON.stringify(options), 0)
  const handles: number[] = []
  const permits: number[] = []
  const bytes = new Uint8Array(RECORD_BYTES * 3)
  let now = 0
  for (let i = 0; i < OPERATIONS; i++) {
    now += random() < 0.01 ? 20_000 : random() < 0.05 ? -below(500) : below(100)
    const handle = handles[below(handles.length)] ?? 0
    const peer = handles[below(handles.length)] ?? 0
    const what = below(10)
    if (what === 0) handles[below(24)] = reflex.component(`c${below(24)}`, random() < 0.3 ? '{"limiter":{}}' : '', now)
    else if (what < 4) permits[below(40)] = reflex.tryAcquire(handle, below(5), now)
    else if (what < 6) log.update(`${reflex.tell(permits[below(40)] ?? -1, below(5), below(3), now)},`)
    else if (what < 9)
      log.update(
        `${reflex.record(below(EVENT_KINDS.length + 1), below(4), 0, handle, now, below(50), peer, below(900))},`,
      )
    else
      log.update(
        `${reflex.tick(now)},${reflex.ingest(
          bytes.map(() => below(256)),
          now,
        )},`,
      )
    if (i % 500 === 0) log.update(reflex.health(now)).update(reflex.metrics(now)).update(reflex.takeNotices())
  }
  while (reflex.queued() > 0) log.update(reflex.takeJournal(4096))
  log.update(reflex.witnesses()).update(reflex.patterns()).update(permits.join())
  reflex.close()
  return log.digest('hex')
}

test.each([1, 2, 3, 4])('native and wasm answer the same, seed %i', (seed) => {
  const [native, wasm] = targets.map((target) => operate(target, seed))
  expect(wasm).toBe(native)
})

describe.each(targets)('$kind', (target) => {
  test('what is refused has its code, and the state stays', () => {
    const coded = (code: string): object => expect.objectContaining({ code: `HOMEOSTAT_${code}` })
    expect(() => target.createBreaker('{"probes":0}', 0)).toThrow(coded('INVALID_OPTION'))
    expect(() => target.createReflex('{"cascade":{"error_rate":2}}', 0)).toThrow(
      /reflex\.cascade\.error_rate: expected/,
    )
    expect(() => target.createReflex('{', 0)).toThrow(coded('INVALID_JSON'))
    const reflex = target.createReflex('', 0)
    expect(() => reflex.component('', '', 0)).toThrow(coded('INVALID_OPTION'))
    expect(() => reflex.component('x', '{"limiter":{"kind":"bbr"}}', 0)).toThrow(/component\.limiter\.kind/)
    expect(() => reflex.operate(0, 1, 0)).toThrow(coded('INVALID_OPTION'))
    expect(reflex.tryAcquire(0, 2, 0)).toBe(-6)
    const handle = reflex.component('x', '', 0)
    expect(() => reflex.operate(handle, 9, 0)).toThrow(coded('INVALID_OPTION'))
    expect(JSON.parse(reflex.health(0))).toMatchObject({ state: 'healthy', components: 1, open_breakers: 0 })
  })

  test('what was closed lets calls pass, and refuses all else', () => {
    const breaker = target.createBreaker('', 0)
    breaker.close()
    expect(breaker.tryAcquire(0)).toBe(0)
    expect(breaker.tell(0, 1, 0)).toBe(2)
    expect(() => breaker.explain(0)).toThrow(expect.objectContaining({ code: 'HOMEOSTAT_CLOSED' }))
  })

  test('the reference test', () => {
    const breaker = target.createBreaker('{"consecutive":3,"open_us":1000}', 0)
    const fail = (at: number): number => breaker.tell(breaker.tryAcquire(at), 1, at)
    fail(0)
    fail(1)
    expect(breaker.state(1)).toBe(0)
    fail(2)
    expect(breaker.state(3)).toBe(1)
    expect(breaker.state(1004)).toBe(2)
    expect(JSON.parse(breaker.takeChanges()).map((change: { to: string }) => change.to)).toEqual(['open', 'half-open'])
  })
})

test('both targets expose the same surface', () => {
  const text = readFileSync(out('wasm/homeostat_reflex.d.ts'), 'utf8')
  for (const name of Object.keys(REFLEX_METHODS) as (keyof typeof REFLEX_METHODS)[]) {
    const wanted = [...REFLEX_METHODS[name], ...REFLEX_HOT[name]].sort()
    const prototype = (addon as unknown as Record<string, { prototype: object }>)[name]?.prototype ?? {}
    const members = Object.getOwnPropertyNames(prototype).filter((member) => member !== 'constructor')
    const body = text.slice(text.indexOf(`export class ${name} `)).split('\n}', 1)[0] ?? ''
    const generated = [...body.matchAll(/^\s+(\w+)\(/gm)].map(([, member]) => member ?? '')
    const ours = generated.filter((member) => member !== 'constructor' && member !== 'free')
    expect(ours.sort(), `wasm ${name}`).toEqual(wanted)
    expect(members.sort(), `native ${name}`).toEqual(wanted)
  }
})
