import { existsSync, readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { at } from '../paths.mjs'
import { isWindows } from '../platform.mjs'
import { ask } from '../run.mjs'
import { atLeast, parseVersion } from '../versions.mjs'

export const WASM = 'wasm32-unknown-unknown'

/** The oldest compiler that builds the workspace: `rust-version` in Cargo.toml, the only place that states it. */
export function minimumRust() {
  return parseVersion(/^rust-version = "([^"]+)"/m.exec(readFileSync(at('Cargo.toml'), 'utf8'))[1])
}

const exe = (name) => (isWindows ? `${name}.exe` : name)

/** Where a program lies on a PATH, without running anything. */
export function onPath(name, path = process.env.PATH ?? '') {
  for (const folder of path.split(delimiter)) {
    if (folder && existsSync(join(folder, exe(name)))) return join(folder, exe(name))
  }
  return undefined
}

/** Folders where rustup puts its programs even if a shell profile was never read. */
export function cargoBins() {
  const homes = [process.env.CARGO_HOME, join(process.env.HOME ?? homedir(), '.cargo')].filter(Boolean)
  return homes.map((home) => join(home, 'bin'))
}

export const withPath = (folder, env = process.env) => ({
  ...env,
  PATH: [folder, env.PATH].filter(Boolean).join(delimiter),
})

/**
 * What a tool environment can do, or undefined where there is no working compiler. A rustup shim without a toolchain
 * counts as none.
 */
export async function probe(env) {
  const version = await ask('cargo', ['--version'], { env })
  const sysroot = version && (await ask('rustc', ['--print', 'sysroot'], { env }))
  if (!sysroot) return undefined
  const [wasmLibs, clippy, fmt] = await Promise.all([
    ask('rustc', ['--print', 'target-libdir', '--target', WASM], { env }),
    ask('cargo', ['clippy', '--version'], { env }),
    ask('cargo', ['fmt', '--version'], { env }),
  ])
  return {
    version: parseVersion(await ask('rustc', ['--version'], { env })),
    sysroot,
    wasm: wasmLibs !== undefined && existsSync(wasmLibs),
    wasmLibs,
    clippy: clippy !== undefined,
    fmt: fmt !== undefined,
    recent: atLeast(parseVersion(version), minimumRust()),
  }
}

/** Identity of files by size and time: a toolchain that was updated or removed has another. */
export function identity(files) {
  return files.map((file) => {
    const found = statSync(file, { throwIfNoEntry: false })
    return found ? `${file} ${found.size} ${Math.round(found.mtimeMs)}` : `${file} absent`
  })
}
