// Lays out what a release publishes, from the builds of every platform: `node scripts/release.mjs <folder of builds> <out>`.
//
// The folder holds `homeostat.<triple>.node` and `homeostat-forge.<triple>.node` of every platform. `out` gets one folder per
// package: `core-<triple>`, `forge-<triple>` and `homeostat`, whose manifest names the others as optional dependencies. They
// are named here and not in the repository's manifest, because `npm ci` refuses a lockfile with packages that are not published
// yet. The last line of the standard output lists the folders in the order in which they have to be published.
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { main, StepError } from './lib/errors.mjs'
import { at, filesBelow } from './lib/paths.mjs'
import { PLATFORMS } from './lib/platform.mjs'
import { say } from './lib/progress.mjs'
import { ADDONS, nativeFileName, releaseManifest, writeNativePackage } from './lib/release/native-package.mjs'

await main(() => {
  const [builds, out] = process.argv.slice(2).map((path) => resolve(path))
  if (!builds || !out)
    throw new StepError('two folders are needed', { remedy: 'node scripts/release.mjs <folder of builds> <out>' })
  const found = filesBelow([builds])
  const order = []
  for (const { triple } of PLATFORMS) {
    for (const addon of Object.keys(ADDONS)) {
      const binary = found.find((file) => file.endsWith(nativeFileName(triple, addon)))
      if (!binary)
        throw new StepError(`${builds} has no ${nativeFileName(triple, addon)}`, {
          remedy: 'let the build job of that platform finish first',
        })
      const folder = join(out, `${addon}-${triple}`)
      writeNativePackage({ folder, triple, binary, addon })
      order.push(folder)
    }
  }
  const folder = join(out, 'homeostat')
  mkdirSync(folder, { recursive: true })
  if (!existsSync(at('dist'))) throw new StepError('dist does not exist', { remedy: 'npm run build' })
  for (const part of ['dist', 'README.md', 'LICENSE-MIT', 'LICENSE-APACHE'])
    cpSync(at(part), join(folder, part), { recursive: true })
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(releaseManifest(), null, 2)}\n`)
  order.push(folder)
  say(JSON.stringify(order))
})
