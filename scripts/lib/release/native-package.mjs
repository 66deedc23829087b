import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { at } from '../paths.mjs'
import { PLATFORMS } from '../platform.mjs'

export const manifest = () => JSON.parse(readFileSync(at('package.json'), 'utf8'))
/** The add-ons, with their crates and the profiles that those are built with: every core but the forge's is in one. */
export const ADDONS = {
  core: { crate: 'homeostat-node', profile: 'release' },
  forge: { crate: 'homeostat-forge-node', profile: 'forge' },
}
export const nativePackageName = (triple, addon = 'core') => `@homeostat/${addon}-${triple}`
export const nativeFileName = (triple, addon = 'core') =>
  addon === 'core' ? `homeostat.${triple}.node` : `homeostat-${addon}.${triple}.node`

/** Writes the folder of one platform's package: the native build, its manifest and the licences, nothing that runs at install. */
export function writeNativePackage({ folder, triple, binary, addon = 'core' }) {
  const platform = PLATFORMS.find((p) => p.triple === triple)
  if (!platform) throw new Error(`there is no native package for ${triple}`)
  const { version, license, repository, homepage, bugs, engines } = manifest()
  const file = nativeFileName(triple, addon)
  mkdirSync(folder, { recursive: true })
  copyFileSync(binary, join(folder, file))
  for (const licence of ['LICENSE-MIT', 'LICENSE-APACHE']) copyFileSync(at(licence), join(folder, licence))
  writeFileSync(
    join(folder, 'README.md'),
    `# ${nativePackageName(triple, addon)}\n\nThe native ${addon} of [homeostat](${homepage}) for ${platform.rust}. Install \`homeostat\`, not this.\n`,
  )
  const own = {
    name: nativePackageName(triple, addon),
    version,
    description: `The native ${addon} of homeostat for ${platform.rust}.`,
    license,
    repository,
    homepage,
    bugs,
    engines,
    os: [platform.os],
    cpu: [platform.cpu],
    ...(platform.libc && { libc: [platform.libc] }),
    main: file,
    files: [file, 'LICENSE-*'],
    publishConfig: { access: 'public', provenance: true },
  }
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(own, null, 2)}\n`)
}

/** The main package's manifest as it is published: the native packages of the same version are optional dependencies. */
export function releaseManifest() {
  const { devDependencies, scripts, ...rest } = manifest()
  const natives = PLATFORMS.flatMap(({ triple }) =>
    Object.keys(ADDONS).map((addon) => [nativePackageName(triple, addon), rest.version]),
  )
  return {
    ...rest,
    optionalDependencies: Object.fromEntries(natives),
    publishConfig: { access: 'public', provenance: true },
  }
}
