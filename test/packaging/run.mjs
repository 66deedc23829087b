// Packs the tarball, installs it in clean folders outside of the repository and uses it there, in every runtime.
//   --json <file>   also writes the checks as JSON
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { at } from '../../scripts/lib/paths.mjs'
import { setupTest } from '../../scripts/lib/setup-test.mjs'
import { ensureVulkan } from '../../scripts/lib/setup-vulkan.mjs'
import { withLock } from '../../scripts/lib/stamps.mjs'
import { checkContainer } from './checks/container.mjs'
import { forgeBrowserChecks } from './checks/forge-browser.mjs'
import {
  checkAttw,
  checkContents,
  checkNoInstallScripts,
  checkPublint,
  checkTypes,
  checkWasmSize,
} from './checks/package.mjs'
import { Checks, expect } from './lib/checks.mjs'
import { Agreement, resultOf } from './lib/outcome.mjs'
import { consumer, linkFrameworks, linkPackages, pack, packForge, packNative } from './lib/tarballs.mjs'
import { runChromium } from './runtimes/chromium.mjs'
import { findNode } from './runtimes/find.mjs'
import { runBun, runDeno, runNode } from './runtimes/process.mjs'
import { runWorkerd } from './runtimes/workerd.mjs'

const NODES = [20, 22, 24]
const { values } = parseArgs({ options: { json: { type: 'string' } } })
const checks = new Checks()
const agreement = new Agreement()
const work = mkdtempSync(join(tmpdir(), 'homeostat-packaging-'))

/** What a process printed beside its result: warnings belong there, and a working installation has none. */
const warnings = (outcome) => outcome.tail.filter((line) => !line.startsWith('RESULT ') && line.trim() !== '')

async function quietly(name, outcome, entry) {
  const result = resultOf(outcome)
  const said = warnings(outcome)
  expect(said.length === 0, `unexpected output: ${said.join(' | ')}`)
  expect(!entry || result.entry === entry, `loaded ${result.entry}, expected ${entry}`)
  expect(!entry || result.solverEntry === `solver-${entry}`, `loaded ${result.solverEntry}, expected solver-${entry}`)
  const reflex = `resilience-${entry}`
  expect(!entry || result.reflexEntry === reflex, `loaded ${result.reflexEntry}, expected ${reflex}`)
  return agreement.hold(name, result, 'native', 'ready')
}

/** Without the platform's package the façade runs on WebAssembly and says so, in one line for all cores. */
async function fallback(name, outcome) {
  const result = resultOf(outcome)
  const said = warnings(outcome)
  expect(
    said.length === 1 && /wasm|WebAssembly/.test(said[0]),
    `expected one line about the fallback, got: ${said.join(' | ') || 'none'}`,
  )
  agreement.hold(name, result, 'wasm', 'ready')
  return said[0]
}

async function nodeChecks(withNative, withoutNative) {
  for (const major of NODES) {
    await checks.check(`Node ${major}, ESM, native`, async () =>
      quietly(`Node ${major}`, await runNode(major, withNative, 'esm.mjs'), 'node.js'),
    )
    await checks.check(`Node ${major}, CommonJS, native`, async () =>
      quietly(`Node ${major}`, await runNode(major, withNative, 'cjs.cjs'), 'node.cjs'),
    )
    await checks.check(`Node ${major}, ESM, missing prebuild`, async () =>
      fallback(`Node ${major}, wasm`, await runNode(major, withoutNative, 'esm.mjs')),
    )
    await checks.check(`Node ${major}, CommonJS, missing prebuild`, async () =>
      fallback(`Node ${major}, wasm`, await runNode(major, withoutNative, 'cjs.cjs')),
    )
  }
}

/** The adapters over the real frameworks, which are the project's own: what a consumer would have installed beside the package. */
async function adapterChecks(folder) {
  linkFrameworks(folder)
  const server = '200 item 7 503 HOMEOSTAT_SHED healthy 1 true'
  const wanted = {
    express: server,
    fastify: server,
    hono: server,
    undici: '200 well OpenCircuitError HOMEOSTAT_OPEN',
  }
  for (const major of NODES) {
    for (const [format, file] of [
      ['ESM', 'adapters.mjs'],
      ['CommonJS', 'adapters.cjs'],
    ])
      await checks.check(`Node ${major}, adapters, ${format}`, async () => {
        const outcome = await runNode(major, folder, file)
        const result = resultOf(outcome)
        for (const [name, text] of Object.entries(wanted))
          expect(result[name] === text, `${name}: expected "${text}", got "${result[name]}"`)
        return Object.keys(wanted).join(', ')
      })
  }
}

/** The forge, whose add-on is one of its own: on the processor, and on a device where there is one. */
async function forgeChecks(withNative, withoutNative) {
  const native = async (outcome, entry) => {
    const { device, ...result } = resultOf(outcome)
    const said = warnings(outcome)
    expect(said.length === 0, `unexpected output: ${said.join(' | ')}`)
    expect(result.entry === entry, `loaded ${result.entry}, expected ${entry}`)
    agreement.holdForge(result, 'native')
    // What is packed is tried in any case; that devices are found is the façade's tests to say.
    if (device === undefined) return 'the processor'
    expect(device.answers && device.right && device.runs === '1 1 0', `the device: ${JSON.stringify(device)}`)
    return device.adapter
  }
  for (const major of NODES) {
    await checks.check(`Node ${major}, forge, ESM`, async () =>
      native(await runNode(major, withNative, 'forge.mjs'), 'forge-node.js'),
    )
    await checks.check(`Node ${major}, forge, CommonJS`, async () =>
      native(await runNode(major, withNative, 'forge.cjs'), 'forge-node.cjs'),
    )
  }
  await checks.check('Deno, forge', async () => native(await runDeno(withNative, 'forge.mjs'), 'forge-deno.js'))
  await checks.check('Bun, forge', async () => native(await runBun(withNative, 'forge.mjs'), 'forge-bun.js'))
  // In time: before a device is there, while it compiles, while it searches.
  await checks.check(`Node ${NODES[0]}, forge, processes that end while it works`, async () => {
    for (const ms of ['0', '40', '120', '250']) {
      const { code, tail } = await runNode(NODES[0], withNative, 'forge-exit.mjs', ms)
      expect(code === 7, `after ${ms} ms: status ${code}: ${tail.join(' | ')}`)
    }
  })
  await checks.check(`Node ${NODES[0]}, forge, missing prebuild`, async () => {
    const outcome = await runNode(NODES[0], withoutNative, 'forge.mjs')
    const said = warnings(outcome)
    expect(
      said.length === 1 && /WebAssembly/.test(said[0]),
      `expected one line about the fallback, got: ${said.join(' | ')}`,
    )
    agreement.holdForge(resultOf(outcome), 'wasm')
    return said[0]
  })
}

/** The operations server, which listens by itself. */
async function serverChecks(folder) {
  const wanted = '300000 200 true 401 3.1.0 true listening'
  for (const major of NODES) {
    for (const [format, file] of [
      ['ESM', 'server.mjs'],
      ['CommonJS', 'server.cjs'],
    ])
      await checks.check(`Node ${major}, server, ${format}`, async () => {
        const found = resultOf(await runNode(major, folder, file))
        expect(found === wanted, `expected "${wanted}", got "${found}"`)
        return found
      })
  }
}

/** A store, first without its database's package, then with the project's own. */
async function storageChecks(folder) {
  const check = (major, format, wanted) =>
    checks.check(`Node ${major}, storage, ${format}: ${wanted}`, async () => {
      const found = resultOf(await runNode(major, folder, format === 'ESM' ? 'storage.mjs' : 'storage.cjs'))
      expect(found === wanted, `expected "${wanted}", got "${found}"`)
    })
  await check(NODES[0], 'ESM', '1 HOMEOSTAT_STORAGE_DRIVER')
  linkPackages(folder, ['libsql'])
  for (const major of NODES) for (const format of ['ESM', 'CommonJS']) await check(major, format, '1 sqlite true true')
}

/** A registry, a meter and a flag client: the real packages, as a consumer has them beside this one. */
async function metricsChecks(folder) {
  linkPackages(folder, ['prom-client', '@opentelemetry/api', '@openfeature/core', '@openfeature/server-sdk'])
  const wanted = 'true true 1 true 300000 TUNED FLAG_NOT_FOUND true'
  for (const major of NODES) {
    for (const [format, file] of [
      ['ESM', 'metrics.mjs'],
      ['CommonJS', 'metrics.cjs'],
    ])
      await checks.check(`Node ${major}, metrics and flags, ${format}`, async () => {
        const found = resultOf(await runNode(major, folder, file))
        expect(found === wanted, `expected "${wanted}", got "${found}"`)
      })
  }
}

/** What is installed globally, as an image would have it. */
async function containerCheck(folder, tarballs) {
  if (process.platform === 'win32') return checks.skip('the container file', 'its commands are for a POSIX shell')
  const text = readFileSync(at('ops', 'Containerfile'), 'utf8')
  const { version } = JSON.parse(readFileSync(at('package.json'), 'utf8'))
  return checks.check('the container file, by hand', () => {
    const node = findNode(Number(/^FROM node:(\d+)-slim$/m.exec(text)?.[1]))
    return checkContainer(text, { folder, tarballs, version, node })
  })
}

async function packageChecks(packed, folder) {
  await checks.check('contents and export map', () => checkContents(packed))
  await checks.check('no install scripts, no run-time dependencies', checkNoInstallScripts)
  await checks.check('core wasm size', () => checkWasmSize('homeostat_bg'))
  await checks.check('solver wasm size', () => checkWasmSize('homeostat_solver_bg'))
  await checks.check('reflex wasm size', () => checkWasmSize('homeostat_reflex_bg'))
  await checks.check('forge wasm size', () => checkWasmSize('homeostat_forge_bg'))
  await checks.check('publint', () => checkPublint(packed.tarball, work))
  await checks.check('attw', () => checkAttw(packed.tarball, work))
  for (const extension of ['mts', 'cts']) {
    cpSync(join(folder, 'types.ts'), join(folder, `types.${extension}`))
    await checks.check(`types, nodenext, .${extension}`, () =>
      checkTypes(folder, { module: 'nodenext', resolution: 'nodenext', extension }),
    )
  }
  await checks.check('types, bundler', () =>
    checkTypes(folder, { module: 'esnext', resolution: 'bundler', extension: 'ts' }),
  )
}

async function otherRuntimes(folder) {
  await checks.check('Deno', async () => quietly('Deno', await runDeno(folder), 'deno.js'))
  await checks.check('Bun', async () => quietly('Bun', await runBun(folder), 'bun.js'))
  await checks.check('workerd', async () => agreement.hold('workerd', await runWorkerd(folder), 'wasm'))
  await checks.check('Chromium', async () => {
    const result = await runChromium(folder)
    return `${agreement.hold('Chromium', result, 'wasm')}, version ${result.version}`
  })
  await forgeBrowserChecks(checks, folder)
}

try {
  await withLock(async () => {
    await setupTest()
    await ensureVulkan()
  })
  const packed = await pack('.', join(work, 'tarballs'))
  const native = await packNative(work)
  const forge = await packForge(work)
  const withNative = await consumer(work, 'native', [packed.tarball, native.tarball, forge.tarball])
  const withoutNative = await consumer(work, 'wasm', [packed.tarball])
  await packageChecks(packed, withoutNative)
  await nodeChecks(withNative, withoutNative)
  await adapterChecks(withNative)
  await storageChecks(withNative)
  await serverChecks(withNative)
  await metricsChecks(withNative)
  await containerCheck(join(work, 'container'), [packed.tarball, native.tarball])
  await forgeChecks(withNative, withoutNative)
  await otherRuntimes(withNative)
} catch (error) {
  await checks.check('pack and install', () => {
    throw new Error([error.message, ...(error.tail ?? [])].join(' | '))
  })
} finally {
  rmSync(work, { recursive: true, force: true })
}
if (values.json) writeFileSync(values.json, JSON.stringify({ checks: checks.list }))
process.stdout.write(
  `packaging: ${checks.count('passed')} passed, ${checks.count('failed')} failed, ${checks.count('skipped')} skipped\n`,
)
process.exitCode = checks.count('failed') > 0 ? 1 : 0
