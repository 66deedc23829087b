import { createHash } from 'node:crypto'
import { delimiter, join } from 'node:path'
import { apt } from '../apt.mjs'
import { StepError } from '../errors.mjs'
import { hostTriple, isWindows, PLATFORMS } from '../platform.mjs'
import { say, step } from '../progress.mjs'
import { ask } from '../run.mjs'
import { readStamp, writeStamp } from '../stamps.mjs'
import { debianOffers, debianRust } from './debian.mjs'
import { cargoBins, identity, minimumRust, onPath, probe, WASM, withPath } from './probe.mjs'
import { addTarget, installLocal, localRustup } from './rustup.mjs'

const STAMP = 'rust'
/** The variables that decide which toolchain a person's shell would use. */
const DECIDING = ['PATH', 'HOME', 'CARGO_HOME', 'RUSTUP_HOME', 'RUSTUP_TOOLCHAIN', 'HOMEOSTAT_CACHE']

const remedy = () =>
  `install Rust ${minimumRust().slice(0, 2).join('.')} or newer from https://rustup.rs, run \`rustup target add ${WASM}\`, and try again`

function shellKey() {
  const facts = DECIDING.map((name) => process.env[name])
  // npm puts folders of its own in front, which hold no compiler: with and without it is the same shell.
  facts[0] = facts[0]?.split(delimiter).filter((folder) => !/[\\/](node_modules[\\/]|node-gyp-bin)/.test(folder))
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex')
}

function fromStamp() {
  const stamp = readStamp(STAMP)
  if (stamp?.key !== shellKey()) return undefined
  if (JSON.stringify(identity(stamp.files)) !== JSON.stringify(stamp.identity)) return undefined
  return stamp
}

/**
 * The Rust toolchain for both targets, found or made: the user's own where it can do both, else rustup's target, else one
 * compiler from Debian, else a toolchain of rustup's in the project's cache.
 * @returns {Promise<{ env: object, version: string, source: string, clippy: boolean, fmt: boolean }>}
 */
export async function ensureRust() {
  const known = fromStamp()
  if (known) return { ...known, env: { ...process.env, ...known.variables } }
  await ensureLinker()
  const { env, source, found } = await choose()
  const variables = {}
  for (const name of ['PATH', 'RUSTUP_HOME', 'RUSTUP_TOOLCHAIN'])
    if (env[name] !== process.env[name]) variables[name] = env[name]
  Object.assign(variables, muslFlags())
  const files = [join(found.sysroot, 'bin', isWindows ? 'rustc.exe' : 'rustc'), found.wasmLibs]
  const record = { version: found.version.join('.'), source, clippy: found.clippy, fmt: found.fmt, variables }
  writeStamp(STAMP, { key: shellKey(), ...record, files, identity: identity(files) })
  say(`✓ Rust ${record.version}, host and ${WASM}: ${source}`)
  return { ...record, env: { ...env, ...variables } }
}

async function choose() {
  for (const [env, source] of candidates()) {
    const found = await probe(env)
    if (!found?.recent) continue
    if (found.wasm) return { env, source, found }
    if (onPath('rustup', env.PATH) && (await addTarget(env))) {
      const again = await probe(env)
      if (again?.wasm) return { env, source: `${source}, wasm target by rustup`, found: again }
    }
  }
  const tried = []
  for (const [source, offered, make] of makers()) {
    try {
      const env = (await offered()) && (await make())
      const found = env && (await probe(env))
      if (found?.wasm) return { env, source, found }
      if (env) tried.push(`${source}: no working compiler`)
    } catch (error) {
      if (!(error instanceof StepError)) throw error
      tried.push(`${source}: ${error.message}`, ...error.tail.slice(-10))
    }
  }
  throw Object.assign(new StepError(`no Rust toolchain for this host and ${WASM}`, { tail: tried, remedy: remedy() }), {
    step: 'Rust toolchain',
  })
}

/** Toolchains that are already here, the one that a person's shell would use first. */
function candidates() {
  const list = []
  if (onPath('cargo')) list.push([process.env, 'found on PATH'])
  for (const folder of cargoBins()) if (onPath('cargo', folder)) list.push([withPath(folder), `found in ${folder}`])
  const own = localRustup()
  if (own) list.push([own, "rustup, in the project's cache"])
  return list
}

function makers() {
  const path = [process.env.PATH, ...cargoBins()].join(isWindows ? ';' : ':')
  const rustup = onPath('rustup', path)
  return [
    ["rustup, in the project's cache", async () => rustup !== undefined, () => installLocal(rustup)],
    ['Debian packages', debianOffers, debianRust],
    ["rustup, in the project's cache", async () => rustup === undefined, () => installLocal(undefined)],
  ]
}

/** Rust links musl statically unless told otherwise, and then builds no shared library, which an add-on is. */
function muslFlags() {
  if (!hostTriple().endsWith('-musl')) return {}
  const target = PLATFORMS.find(({ triple }) => triple === hostTriple())?.rust ?? ''
  return { [`CARGO_TARGET_${target.replaceAll('-', '_').toUpperCase()}_RUSTFLAGS`]: '-C target-feature=-crt-static' }
}

/** rustc calls the C compiler to link; a bare machine may have none. */
async function ensureLinker() {
  if (isWindows || (await ask('cc', ['--version'])) !== undefined) return
  if (await apt.usable()) {
    await step('C linker from Debian', (note) => apt.install(['gcc', 'libc6-dev'], note))
    return
  }
  const how =
    process.platform === 'darwin'
      ? 'xcode-select --install'
      : 'install gcc (Debian: sudo apt-get install gcc libc6-dev)'
  throw Object.assign(new StepError('there is no C compiler `cc`, which Rust links with', { remedy: how }), {
    step: 'C linker',
  })
}
