import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { forgeNativeFile } from '../../../scripts/lib/build/forge-native.mjs'
import { nativeFile } from '../../../scripts/lib/build/native.mjs'
import { npmCommand, npmEnv } from '../../../scripts/lib/npm.mjs'
import { at, ROOT } from '../../../scripts/lib/paths.mjs'
import { hostTriple } from '../../../scripts/lib/platform.mjs'
import { writeNativePackage } from '../../../scripts/lib/release/native-package.mjs'
import { must } from '../../../scripts/lib/run.mjs'

async function npm(args, cwd) {
  const [command, ...first] = npmCommand()
  return must(command, [...first, ...args], { cwd, env: npmEnv(), capture: true })
}

/** Packs a folder as `npm publish` would; returns the tarball and npm's own list of its files. */
export async function pack(folder, into) {
  mkdirSync(into, { recursive: true })
  const { out } = await npm(['pack', folder, '--json', '--ignore-scripts', '--pack-destination', into], ROOT)
  const parsed = JSON.parse(out)
  // npm's JSON is a list of packages, or an object by package name, depending on its version.
  const [about] = Array.isArray(parsed) ? parsed : Object.values(parsed)
  return { tarball: join(into, about.filename), files: about.files.map((file) => file.path), size: about.size }
}

/** The package with this platform's native build, exactly as a release would publish it. */
export async function packNative(work) {
  const folder = join(work, 'native-package')
  writeNativePackage({ folder, triple: hostTriple(), binary: nativeFile() })
  return pack(folder, join(work, 'tarballs'))
}

/** The same of the forge's own add-on. */
export async function packForge(work) {
  const folder = join(work, 'forge-package')
  writeNativePackage({ folder, triple: hostTriple(), binary: forgeNativeFile(), addon: 'forge' })
  return pack(folder, join(work, 'tarballs'))
}

/** A clean folder outside of the repository with the consumer's files and nothing but the given tarballs installed. */
export async function consumer(work, name, tarballs) {
  const folder = join(work, name)
  mkdirSync(folder, { recursive: true })
  const source = new URL('../consumer/', import.meta.url)
  for (const file of readdirSync(source)) cpSync(new URL(file, source), join(folder, file))
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: `consumer-${name}`, version: '1.0.0', private: true, type: 'module' }),
  )
  await npm(['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', ...tarballs], folder)
  return folder
}

/** Puts the frameworks that the adapters are for beside the package: those that the project itself is tested with. */
export function linkFrameworks(folder) {
  linkPackages(folder, ['express', 'fastify', 'hono', 'undici'])
}

/** Packages of the project's own, as if a consumer had installed them. */
export function linkPackages(folder, names) {
  for (const name of names) {
    const link = join(folder, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    if (!existsSync(link)) symlinkSync(at('node_modules', name), link, 'junction')
  }
}
