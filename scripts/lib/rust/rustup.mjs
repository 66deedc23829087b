import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { StepError } from '../errors.mjs'
import { CACHE } from '../paths.mjs'
import { hostTriple, isWindows, PLATFORMS } from '../platform.mjs'
import { step } from '../progress.mjs'
import { must, run } from '../run.mjs'
import { WASM, withPath } from './probe.mjs'

const DOWNLOAD_MS = 120_000
const INSTALL_MS = 900_000

/** Adds the wasm target to the active toolchain; false where rustup cannot (no network, a toolchain that is not its own). */
export async function addTarget(env) {
  return step('wasm target by rustup', async (note) => {
    const limits = { ...env, RUSTUP_MAX_RETRIES: '1' }
    const { code } = await run('rustup', ['target', 'add', WASM], {
      env: limits,
      log: 'rustup',
      note,
      timeoutMs: 180_000,
    })
    return code === 0 ? 'added' : 'not possible here'
  }).then((word) => word === 'added')
}

const local = () => join(CACHE, 'rust', 'rustup')

/** A toolchain of the project's own: nothing that the user has installed or chosen as default changes. */
function localEnv() {
  const home = local()
  return { ...withPath(join(home, 'cargo/bin')), RUSTUP_HOME: join(home, 'rustup'), RUSTUP_TOOLCHAIN: 'stable' }
}

export function localRustup() {
  return existsSync(join(local(), 'ok')) ? localEnv() : undefined
}

/** Installs the stable toolchain into the project's cache with a rustup that is already there, or with one fetched for it. */
export async function installLocal(rustup) {
  const env = { ...localEnv(), CARGO_HOME: join(local(), 'cargo'), RUSTUP_MAX_RETRIES: '2' }
  await step("Rust by rustup, into the project's cache", async (note) => {
    mkdirSync(join(local(), 'cargo/bin'), { recursive: true })
    const options = { env, log: 'rustup', note, timeoutMs: INSTALL_MS, remedy: 'install Rust from https://rustup.rs' }
    const parts = ['--profile', 'minimal', '--target', WASM, '--component', 'clippy', '--component', 'rustfmt']
    if (rustup) {
      await must(rustup, ['toolchain', 'install', 'stable', '--no-self-update', ...parts], options)
    } else {
      const init = await download(note)
      await must(init, ['-y', '--no-modify-path', '--default-toolchain', 'stable', ...parts], options)
      rmSync(init, { force: true })
    }
    writeFileSync(join(local(), 'ok'), '')
  })
  return localEnv()
}

async function download(note) {
  const platform = PLATFORMS.find((p) => p.triple === hostTriple())
  if (!platform)
    throw new StepError(`rustup has no known installer for ${hostTriple()}`, {
      remedy: 'install Rust from https://rustup.rs',
    })
  const name = isWindows ? 'rustup-init.exe' : 'rustup-init'
  const root = process.env.RUSTUP_UPDATE_ROOT ?? 'https://static.rust-lang.org/rustup'
  const url = `${root}/dist/${platform.rust}/${name}`
  note(url)
  const fetchBytes = async (address) => {
    try {
      const response = await fetch(address, { signal: AbortSignal.timeout(DOWNLOAD_MS) })
      if (!response.ok) throw new Error(`status ${response.status}`)
      return Buffer.from(await response.arrayBuffer())
    } catch (cause) {
      throw new StepError(`${address} cannot be fetched: ${cause.cause?.code ?? cause.message}`, {
        cause,
        remedy: 'install Rust from https://rustup.rs, or check the network',
      })
    }
  }
  const [program, sum] = await Promise.all([fetchBytes(url), fetchBytes(`${url}.sha256`)])
  const expected = sum.toString('utf8').trim().split(/\s+/)[0]
  const actual = createHash('sha256').update(program).digest('hex')
  if (expected !== actual)
    throw new StepError(`${url} has checksum ${actual}, expected ${expected}`, {
      remedy: 'try again, or install Rust from https://rustup.rs',
    })
  const file = join(local(), name)
  writeFileSync(file, program)
  chmodSync(file, 0o755)
  return file
}
