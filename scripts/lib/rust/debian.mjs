import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { apt } from '../apt.mjs'
import { StepError } from '../errors.mjs'
import { CACHE } from '../paths.mjs'
import { step } from '../progress.mjs'
import { ask, must } from '../run.mjs'
import { atLeast, parseVersion } from '../versions.mjs'
import { minimumRust, WASM, withPath } from './probe.mjs'

/** Debian keeps this compiler current in its stable releases, because the browsers need it. */
const COMPILER = ['rustc-web', 'cargo-web', 'libstd-rust-web-dev', 'rust-web-src']
const LINTERS = ['rust-web-clippy', 'rustfmt-web']

/** Whether apt offers a compiler that is new enough and may be installed here. */
export async function debianOffers() {
  if (!(await apt.usable())) return false
  return atLeast(parseVersion(await apt.candidate('rustc-web')), minimumRust())
}

/** Installs what is missing and returns the environment of one compiler for both targets. */
export async function debianRust() {
  await step('Rust compiler from Debian', async (note) => {
    await apt.install(COMPILER, note)
    const linters = []
    for (const name of LINTERS) if (await apt.candidate(name)) linters.push(name)
    if (linters.length > 0) await apt.install(linters, note)
  })
  const about = await ask('/usr/bin/rustc', ['-vV'])
  const version = /^release: (\S+)/m.exec(about ?? '')?.[1]
  const host = /^host: (\S+)/m.exec(about ?? '')?.[1]
  const llvm = /^LLVM version: (\d+)/m.exec(about ?? '')?.[1]
  if (!version || !host || !llvm) {
    throw new StepError('/usr/bin/rustc does not say its version', {
      tail: (about ?? '').split('\n'),
      remedy: `install Rust from https://rustup.rs, then \`rustup target add ${WASM}\``,
    })
  }
  // The linker has to read the compiler's own LLVM bitcode, so its version follows the compiler's.
  await step(`WebAssembly linker lld-${llvm}`, (note) => apt.install([`lld-${llvm}`], note))
  const home = join(CACHE, 'rust', `debian-${version}-${host}`)
  if (!existsSync(join(home, 'ok'))) {
    await step(`WebAssembly standard library of Rust ${version}, from source`, (note) =>
      buildSysroot({ home, version, host, llvm, note }),
    )
  }
  return withPath(join(home, 'bin'))
}

/**
 * Debian ships no wasm32 standard library for this compiler. It is built from the packaged sources into a sysroot of its
 * own that borrows the host's libraries; wrappers put that sysroot in front of every tool.
 */
async function buildSysroot({ home, version, host, llvm, note }) {
  const source = `/usr/src/rustc-${version}/library`
  const work = mkdtempSync(join(tmpdir(), 'homeostat-std-'))
  const draft = `${home}.draft-${process.pid}`
  try {
    cpSync(source, join(work, 'library'), { recursive: true })
    const target = join(work, 'target')
    const env = {
      ...process.env,
      RUSTC_BOOTSTRAP: '1',
      RUSTC: '/usr/bin/rustc',
      CARGO_TARGET_DIR: target,
      RUSTFLAGS: '-Zforce-unstable-if-unmarked -Cembed-bitcode=yes -Cdebuginfo=0',
    }
    await must('/usr/bin/cargo', ['build', '-p', 'sysroot', '--release', '--target', WASM], {
      cwd: join(work, 'library'),
      env,
      log: 'rust-std',
      note,
    })
    rmSync(draft, { recursive: true, force: true })
    const libs = join(draft, 'lib/rustlib', WASM, 'lib')
    mkdirSync(libs, { recursive: true })
    for (const file of readdirSync(join(target, WASM, 'release/deps'))) {
      if (file.endsWith('.rlib')) copyFileSync(join(target, WASM, 'release/deps', file), join(libs, file))
    }
    symlinkSync(`/usr/lib/rustlib/${host}`, join(draft, 'lib/rustlib', host))
    writeWrappers({ bin: join(draft, 'bin'), home, llvm })
    writeFileSync(join(draft, 'ok'), `${version}\n`)
    rmSync(home, { recursive: true, force: true })
    renameSync(draft, home)
  } finally {
    rmSync(work, { recursive: true, force: true })
    rmSync(draft, { recursive: true, force: true })
  }
}

const quote = (text) => `'${text.replaceAll("'", `'\\''`)}'`

function writeWrappers({ bin, home, llvm }) {
  mkdirSync(bin, { recursive: true })
  const write = (name, lines) => {
    writeFileSync(join(bin, name), `#!/bin/sh\n${lines.join('\n')}\n`)
    chmodSync(join(bin, name), 0o755)
  }
  const variables = [
    `export SYSROOT=${quote(home)} RUSTC=${quote(join(home, 'bin/rustc'))} RUSTDOC=${quote(join(home, 'bin/rustdoc'))}`,
    `export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=/usr/bin/wasm-ld-${llvm}`,
  ]
  for (const tool of ['rustc', 'rustdoc']) write(tool, [`exec /usr/bin/${tool} --sysroot ${quote(home)} "$@"`])
  for (const tool of ['cargo', 'cargo-clippy', 'cargo-fmt', 'rustfmt', 'clippy-driver']) {
    if (existsSync(`/usr/bin/${tool}`)) write(tool, [...variables, `exec /usr/bin/${tool} "$@"`])
  }
}
