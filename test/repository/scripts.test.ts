/** The parts of the build machinery that decide something: a wrong count or a wrong platform would go unnoticed. */
import { describe, expect, test } from 'vitest'
import { alike, namedInOrder } from '../../scripts/lib/build/wasm-order.mjs'
import { cdylibName } from '../../scripts/lib/platform.mjs'
import { run } from '../../scripts/lib/run.mjs'
import { countCargo } from '../../scripts/lib/test/rust.mjs'
import { atLeast, parseVersion } from '../../scripts/lib/versions.mjs'

describe('counting cargo test', () => {
  const out = [
    'test a ... ok',
    'test b ... ignored, needs an hour',
    'test c ... FAILED',
    'test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s',
    'test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s',
  ].join('\n')

  test('sums every binary and keeps the reason of a skip', () => {
    expect(countCargo(out)).toMatchObject({ passed: 13, failed: 1, skipped: 1, reasons: ['b: needs an hour'] })
  })

  test('no result line counts nothing', () => {
    expect(countCargo('error: could not compile')).toMatchObject({ passed: 0, failed: 0, skipped: 0 })
  })
})

describe('the order of a WebAssembly module', () => {
  const bytes = (seed: number) =>
    Buffer.from(Array.from({ length: 400 }, (_, i) => (Math.imul(i + seed, 2_654_435_761) >>> 11) & 255))
  // Of each two that are alike one lies far from the other.
  const bodies = [1, 2, 3]
    .flatMap((part) => [0, 5_000 * part])
    .map((seed, at) => (at % 2 === 0 ? bytes(9_000 * at) : bytes(seed)))
  const twins = [...bodies, ...bodies.map((body) => Buffer.concat([body.subarray(7), body.subarray(0, 3)]))]

  test('has every function once, and beside each the one that it resembles', () => {
    const order = alike(twins)
    expect([...order].sort((a, b) => a - b)).toEqual([...twins.keys()])
    for (let at = 0; at < order.length; at += 2)
      expect(Math.abs((order[at] as number) - (order[at + 1] as number))).toBe(bodies.length)
    expect(alike(twins)).toEqual(order)
  })

  test('is given by names behind everything else', async () => {
    // (func (export "two") (result i32) i32.const 2) (func (export "one") (result i32) i32.const 1)
    const code = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7f, 3, 3, 2, 0, 0]
    const exported = [7, 13, 2, 3, 0x74, 0x77, 0x6f, 0, 0, 3, 0x6f, 0x6e, 0x65, 0, 1]
    const module = Buffer.from([...code, ...exported, 10, 11, 2, 4, 0, 0x41, 2, 0x0b, 4, 0, 0x41, 1, 0x0b])
    const named = namedInOrder(module)
    expect(named.subarray(0, module.length)).toEqual(module)
    const { one, two } = (await WebAssembly.instantiate(named)).instance.exports as Record<string, () => number>
    expect([one?.(), two?.()]).toEqual([1, 2])
    const [section] = WebAssembly.Module.customSections(new WebAssembly.Module(named), 'name')
    expect([...new Uint8Array(section as ArrayBuffer)]).toEqual([
      1,
      17,
      2,
      0,
      6,
      ...Buffer.from('000000'),
      1,
      6,
      ...Buffer.from('000001'),
    ])
  })
})

describe('versions', () => {
  test.each([
    ['rustc 1.96.0 (abc 2026-05-25)', [1, 88], true],
    ['cargo 1.88.0', [1, 88, 0], true],
    ['1.87.9', [1, 88], false],
    ['2.0', [1, 88, 3], true],
    ['1.96.0+dfsg1-1~deb12u2', [1, 96, 1], false],
    ['nothing', [1], false],
  ])('%s at least %j: %s', (text, minimum, expected) => {
    expect(atLeast(parseVersion(text), minimum)).toBe(expected)
  })
})

test.each([
  ['linux', 'libhomeostat_node.so'],
  ['darwin', 'libhomeostat_node.dylib'],
  ['win32', 'homeostat_node.dll'],
] as const)('library name on %s', (os, expected) => {
  expect(cdylibName('homeostat-node', os)).toBe(expected)
})

describe('running a program', () => {
  const node = (code: string, options = {}) => run(process.execPath, ['-e', code], { capture: true, ...options })

  test('keeps status, output and the last lines', async () => {
    const result = await node('console.log("a\\nb"); console.error("c"); process.exitCode = 3', { tailLines: 2 })
    expect(result).toMatchObject({ code: 3, out: 'a\nb\n' })
    expect(result.tail).toHaveLength(2)
  })

  test('a program that does not exist is status 127, not an exception', async () => {
    expect(await run('no-such-program-here', [])).toMatchObject({ code: 127 })
  })

  test('a program over its time is ended with status 124', async () => {
    expect(await node('setInterval(() => {}, 1000)', { timeoutMs: 300 })).toMatchObject({ code: 124 })
  })
})
