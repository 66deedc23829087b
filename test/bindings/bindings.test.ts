import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, expect, test, vi } from 'vitest'
import * as generated from '../../out/wasm/homeostat.js'
import * as generatedReflex from '../../out/wasm/homeostat_reflex.js'
import * as generatedSolver from '../../out/wasm/homeostat_solver.js'
import { bind, type CoreModule, METHODS } from '../../ts/bindings/core.js'
import { nativeBinding } from '../../ts/bindings/native.js'
import { selectBinding } from '../../ts/bindings/select.js'
import { trapText } from '../../ts/bindings/trap.js'
import { isWasmSource, wasmBinding } from '../../ts/bindings/wasm.js'
import { webHost } from '../../ts/bindings/web-host.js'
import { makeFacade } from '../../ts/facade.js'
import { platformTriple } from '../../ts/node/load.js'
import { knob, signal } from '../../ts/public.js'
import { fakeClock } from '../../ts/testing/index.js'

const wasmBytes = readFileSync(new URL('../../out/wasm/homeostat_bg.wasm', import.meta.url))
const native = createRequire(import.meta.url)(`../../out/native/homeostat.${platformTriple()}.node`) as CoreModule

const glue = { ...generated }

describe('the two surfaces', () => {
  /** What only one target has, and why. */
  const onlyWasm = ['default', 'initSync', 'start', 'free', Symbol.dispose.toString()]

  test('export the same functions and classes', () => {
    const names = (module: object) =>
      Object.keys(module)
        .filter((name) => !onlyWasm.includes(name))
        .sort()
    // In WebAssembly the solver and the reflex are modules of their own, which only their users load.
    expect(names({ ...glue, ...generatedSolver, ...generatedReflex })).toEqual(names(native))
  })

  test.each(['Engine', 'Verifier', 'Replay'] as const)(
    '%s has the same methods, the ones that the façade passes through',
    (name) => {
      const methods = (type: { prototype: object }) =>
        Object.getOwnPropertyNames(type.prototype)
          .filter((method) => method !== 'constructor' && !method.startsWith('__') && !onlyWasm.includes(method))
          .sort()
      expect(methods(glue[name])).toEqual(methods(native[name] as unknown as { prototype: object }))
      expect(methods(glue[name])).toEqual([...METHODS[name]].sort())
    },
  )

  test('say the same version, that of the package', () => {
    const version = (
      JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
    ).version
    expect([nativeBinding(native).version(), wasmBinding(wasmBytes).version()]).toEqual([version, version])
  })

  test('refuse the same configurations with the same words', () => {
    const refusal = (binding: { createEngine(config: string): unknown }, config: string) => {
      try {
        binding.createEngine(config)
      } catch (error) {
        return { code: (error as { code: string }).code, message: (error as Error).message }
      }
      return 'accepted'
    }
    for (const config of ['', '{', '{}', '{"name":1}', '[]', 'null', '{"name":"a","knobs":[]}']) {
      const said = refusal(nativeBinding(native), config)
      expect(said).not.toBe('accepted')
      expect((said as { code: string }).code).toMatch(/^HOMEOSTAT_INVALID_/)
      expect(refusal(wasmBinding(wasmBytes), config)).toEqual(said)
    }
  })
})

describe('a panic', () => {
  class Engine {
    decide() {
      throw new Error('index out of bounds')
    }
    generation() {
      return 1
    }
    queued() {
      throw new Error('HOMEOSTAT_CLOSED: engine: this tuner was closed')
    }
  }
  const core = { ...native, Engine } as unknown as CoreModule
  const panicText = (error: unknown) =>
    (error as Error).message.startsWith('HOMEOSTAT_') ? undefined : (error as Error).message

  test.each([
    ['poisons everything where memory is shared', true],
    ['kills one object where it is not', false],
  ])('%s', (_, poisons) => {
    const binding = bind(core, { kind: 'wasm', poisons, panicText })
    const hit = binding.createEngine('{}')
    const other = binding.createEngine('{}')
    expect(() => hit.queued()).toThrow(
      expect.objectContaining({ code: 'HOMEOSTAT_CLOSED', message: 'engine: this tuner was closed' }),
    )
    expect(() => hit.decide(0, 0)).toThrow(
      expect.objectContaining({ code: 'HOMEOSTAT_PANIC', message: expect.stringContaining('index out of bounds') }),
    )
    expect(() => hit.generation()).toThrow(expect.objectContaining({ code: 'HOMEOSTAT_PANIC' }))
    if (poisons) expect(() => other.generation()).toThrow(expect.objectContaining({ code: 'HOMEOSTAT_PANIC' }))
    else expect(other.generation()).toBe(1)
  })

  test('in WebAssembly says which function of the module it was; no other error is a panic', () => {
    // (module (func (export "f") unreachable))
    const bytes = '0061736d0100000001040160000003020100070501016600000a05010300000b'
    const { f } = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(bytes, 'hex'))).exports as { f(): void }
    let trap: unknown
    try {
      f()
    } catch (error) {
      trap = error
    }
    expect(trapText(trap)).toMatch(/^unreachable in wasm-function\[0\]:0x[0-9a-f]+$/)
    expect(trapText(new Error('HOMEOSTAT_CLOSED: engine: closed'))).toBeUndefined()
  })

  test('stops the tuner with the knobs at their initial values, once and loudly', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    let broken = false
    const real = nativeBinding(native)
    const host = {
      ...webHost('browser', new URL('http://localhost/')),
      loadBinding: async () => ({
        ...real,
        createEngine: (config: string) => {
          const engine = real.createEngine(config)
          const decide = engine.decide
          engine.decide = (...args) => {
            if (broken) throw new Error('HOMEOSTAT_PANIC: the core panicked')
            return decide(...args)
          }
          return engine
        },
      }),
    }
    const { homeostat } = makeFacade(host)
    const clock = fakeClock()
    const pushed: number[] = []
    const tuner = await homeostat({
      name: 'panic',
      clock,
      tick: 'manual',
      mode: 'auto',
      knobs: { n: knob.integer({ min: 1, max: 100, initial: 50, apply: (value) => void pushed.push(value) }) },
      signals: { g: signal.gauge() },
      minimize: (m) => m.g,
    })
    const failures: string[] = []
    tuner.on('failed', (event) => failures.push(event.error.code))
    expect(tuner.propose({ n: 55 })).toEqual({ ok: true })
    await new Promise((resolve) => setTimeout(resolve, 10))
    const generation = tuner.generation
    broken = true
    for (let i = 0; i < 20; i++) {
      clock.advance(250)
      tuner.tick()
    }
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(failures).toEqual(['HOMEOSTAT_PANIC'])
    expect(warn).toHaveBeenCalledTimes(1)
    expect(tuner.failure?.code).toBe('HOMEOSTAT_PANIC')
    expect(tuner.knobs.n).toBe(50)
    expect(tuner.generation).toBeGreaterThan(generation)
    expect(pushed).toEqual([55, 50])
    expect(() => tuner.propose({ n: 51 })).toThrow(expect.objectContaining({ code: 'HOMEOSTAT_PANIC' }))
    await tuner.close()
    warn.mockRestore()
  })
})

describe('which binding', () => {
  const missing = () => {
    throw new Error("Cannot find module '@homeostat/core-plan9-mips'")
  }
  const wasm = () => ({ kind: 'wasm' })
  const here = () => ({ kind: 'native' })

  test('native where there is one, without a word', () => {
    const lines: string[] = []
    expect(selectBinding({ native: here, wasm, forced: undefined, warn: (line) => lines.push(line) }).kind).toBe(
      'native',
    )
    expect(lines).toEqual([])
  })

  test('a missing prebuild falls back to WebAssembly with one clear line', () => {
    const lines: string[] = []
    expect(selectBinding({ native: missing, wasm, forced: '', warn: (line) => lines.push(line) }).kind).toBe('wasm')
    expect(lines).toEqual([
      "homeostat: no native core (Cannot find module '@homeostat/core-plan9-mips'); using WebAssembly",
    ])
  })

  test('what the environment forces is what runs, or an error', () => {
    const warn = () => {}
    expect(selectBinding({ native: here, wasm, forced: 'wasm', warn }).kind).toBe('wasm')
    expect(() => selectBinding({ native: missing, wasm, forced: 'native', warn })).toThrow(
      expect.objectContaining({ code: 'HOMEOSTAT_NO_BINDING' }),
    )
    expect(() => selectBinding({ native: missing, wasm: missing, forced: undefined, warn })).toThrow(
      expect.objectContaining({ code: 'HOMEOSTAT_NO_BINDING' }),
    )
    expect(() => selectBinding({ native: here, wasm, forced: 'wsm', warn })).toThrow(
      expect.objectContaining({ code: 'HOMEOSTAT_INVALID_OPTION' }),
    )
  })
})

describe('a runtime that loads its core asynchronously', () => {
  test('names the call and the remedy when it is used before', async () => {
    const facade = makeFacade(webHost('workerd', new WebAssembly.Module(wasmBytes)))
    expect(() => facade.decodeDigest(new Uint8Array(64))).toThrow(
      expect.objectContaining({
        code: 'HOMEOSTAT_NOT_READY',
        message: expect.stringMatching(/decodeDigest\(\).*await ready\(\)/),
      }),
    )
    await facade.ready()
    expect(facade.bindingKind()).toBe('wasm')
    expect(() => facade.decodeDigest(new Uint8Array(64))).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^HOMEOSTAT_DIGEST_/) }),
    )
  })

  test('has no files, and says so', async () => {
    const facade = makeFacade(webHost('browser', new URL('http://localhost/')))
    await facade.ready(wasmBytes)
    const options = {
      name: 'edge',
      tick: 'manual' as const,
      knobs: { b: knob.boolean({ initial: true }) },
      signals: { g: signal.gauge() },
      minimize: () => 1,
    }
    await expect(facade.homeostat({ ...options, journal: './journal' })).rejects.toMatchObject({
      code: 'HOMEOSTAT_INVALID_OPTION',
      option: 'journal',
    })
    await expect(facade.homeostat({ ...options, controlFile: './control' })).rejects.toMatchObject({
      code: 'HOMEOSTAT_INVALID_OPTION',
      option: 'controlFile',
    })
    const tuner = await facade.homeostat(options)
    expect(tuner.knobs.b).toBe(true)
    await tuner.close()
    expect(new TextDecoder().decode(tuner.journal.read?.())).toContain('"event":"stop"')
  })

  test('a failed attempt may be repeated', async () => {
    const facade = makeFacade(webHost('browser', new URL('http://127.0.0.1:9/nothing.wasm')))
    await expect(facade.ready()).rejects.toThrow()
    await facade.ready(wasmBytes)
    expect(facade.bindingKind()).toBe('wasm')
  })

  test('works without shared memory, and says what does not', async () => {
    const shared = globalThis.SharedArrayBuffer
    try {
      Reflect.deleteProperty(globalThis, 'SharedArrayBuffer')
      const facade = makeFacade(webHost('browser', new URL('http://localhost/')))
      await facade.ready(wasmBytes)
      const tuner = await facade.homeostat({
        name: 'plain',
        tick: 'manual',
        knobs: { b: knob.boolean({ initial: true }) },
        signals: { g: signal.gauge() },
        minimize: () => 1,
      })
      tuner.signals.g(1)
      tuner.tick()
      expect(tuner.snapshot().values).toEqual({ b: true })
      expect(tuner.counters().samples).toBe(1)
      expect(() => tuner.handle).toThrow(expect.objectContaining({ code: 'HOMEOSTAT_NO_SHARED_MEMORY' }))
      await tuner.close()
    } finally {
      globalThis.SharedArrayBuffer = shared
    }
  })

  test('knows what a module can be made from', () => {
    expect([wasmBytes, new ArrayBuffer(1), 'x', undefined, {}].map(isWasmSource)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ])
  })
})
