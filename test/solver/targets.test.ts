import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import type { SolverModule } from '../../ts/bindings/solver.js'
import { nativeSolverBinding } from '../../ts/bindings/solver-native.js'
import { solverWebHost } from '../../ts/bindings/solver-web-host.js'
import { platformTriple } from '../../ts/node/load.js'
import { makeSolverFacade, type SolverFacade } from '../../ts/solver/facade.js'
import { knob } from '../../ts/solver/public.js'

const wasmBytes = readFileSync(new URL('../../out/wasm/homeostat_solver_bg.wasm', import.meta.url))
const addon = createRequire(import.meta.url)(`../../out/native/homeostat.${platformTriple()}.node`) as SolverModule
const line = { x: knob.number({ min: 0, max: 1 }) }

describe('a runtime that loads its core asynchronously', () => {
  const notReady = (call: RegExp) =>
    expect.objectContaining({ code: 'HOMEOSTAT_NOT_READY', message: expect.stringMatching(call) })

  test('names the call and the remedy when it is used before', async () => {
    const facade = makeSolverFacade(solverWebHost('workerd', new WebAssembly.Module(wasmBytes)))
    expect(() => facade.createSolver({ space: line })).toThrow(notReady(/createSolver\(\).*await ready\(\)/))
    expect(() => facade.bindingKind()).toThrow(notReady(/bindingKind\(\).*await ready\(\)/))
    await facade.ready()
    expect(facade.bindingKind()).toBe('wasm')
    facade.createSolver({ space: line }).close()
  })

  test('an option that cannot be meant is told before that', () => {
    const facade = makeSolverFacade(solverWebHost('browser', new URL('http://localhost/')))
    expect(() => facade.createSolver({ space: {} })).toThrow(expect.objectContaining({ option: 'space' }))
  })

  test('minimize waits for it by itself', async () => {
    const facade = makeSolverFacade(solverWebHost('workerd', new WebAssembly.Module(wasmBytes)))
    expect((await facade.minimize(({ x }) => x, { space: line, budget: 3 })).done).toBe(3)
  })

  test('a failed attempt may be repeated', async () => {
    const facade = makeSolverFacade(solverWebHost('browser', new URL('http://127.0.0.1:9/nothing.wasm')))
    await expect(facade.ready()).rejects.toThrow()
    await facade.ready(wasmBytes)
    expect(facade.bindingKind()).toBe('wasm')
  })

  test('has no files, and says so; a store of the application will do', async () => {
    const facade = makeSolverFacade(solverWebHost('edge-light', new WebAssembly.Module(wasmBytes)))
    await facade.ready()
    const refused = expect.objectContaining({ code: 'HOMEOSTAT_INVALID_OPTION', option: 'checkpoint' })
    await expect(facade.minimize(({ x }) => x, { space: line, checkpoint: 'x' })).rejects.toEqual(refused)
    expect(() => facade.createSolver({ space: line, checkpoint: 'x' })).toThrow(refused)
    let kept = ''
    const checkpoint = {
      load: () => kept,
      append: (lines: string) => {
        kept += lines
      },
    }
    await facade.minimize(({ x }) => x, { space: line, budget: 3, checkpoint })
    expect((await facade.minimize(({ x }) => x, { space: line, budget: 5, checkpoint })).done).toBe(5)
  })
})

test('native and wasm propose the same to the last bit, whatever becomes of the points, and read each other’s studies', async () => {
  const space = {
    lr: knob.number({ min: 1e-5, max: 1, scale: 'log' }),
    turn: knob.number({ min: 0, max: 360, scale: 'periodic' }),
    n: knob.integer({ min: 1, max: 500, scale: 'log' }),
    kind: knob.choice({ choices: ['a', 'b', 'c'] }),
  }
  const host = solverWebHost('browser', new URL('http://localhost/'))
  const native = nativeSolverBinding(addon)
  const facades = [
    makeSolverFacade({ ...host, loadNow: () => native }),
    makeSolverFacade(solverWebHost('workerd', new WebAssembly.Module(wasmBytes))),
  ] as const
  const walk = (facade: SolverFacade, seed: number, restore?: string) => {
    using solver = facade.createSolver({ space, seed, ...(restore === undefined ? {} : { restore }) })
    for (let i = solver.size; i < 90; i++) {
      const { trial, params } = solver.ask()
      if (i % 11 === 3) solver.tell(trial, { failed: 'no luck' })
      else if (i % 7 === 5) solver.tell(trial, { pruned: true, value: i })
      else if (i % 13 !== 8)
        solver.tell(trial, params.n / 100 + Math.abs(params.lr - 0.01) + params.turn / 360 + params.kind.length)
    }
    return solver.save()
  }
  await facades[1].ready()
  for (const seed of [0, 1, 2 ** 32 - 1]) {
    const log = walk(facades[0], seed)
    expect(walk(facades[1], seed)).toBe(log)
    const half = `${log.split('\n').slice(0, 80).join('\n')}\n`
    expect(walk(facades[1], seed, half)).toBe(walk(facades[0], seed, half))
  }
})
