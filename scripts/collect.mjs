// Names the native builds of one Rust target as the loader expects them: `node scripts/collect.mjs <rust target> <folder>`.
import { join, resolve } from 'node:path'
import { replaceFile } from './lib/build/native.mjs'
import { main, StepError } from './lib/errors.mjs'
import { at } from './lib/paths.mjs'
import { cdylibName, PLATFORMS } from './lib/platform.mjs'
import { say } from './lib/progress.mjs'
import { ADDONS, nativeFileName } from './lib/release/native-package.mjs'

await main(() => {
  const [target, folder] = process.argv.slice(2)
  const platform = PLATFORMS.find((p) => p.rust === target)
  if (!platform || !folder)
    throw new StepError(`no native package for target '${target}'`, {
      remedy: `one of ${PLATFORMS.map((p) => p.rust).join(', ')}`,
    })
  for (const [addon, { crate, profile }] of Object.entries(ADDONS)) {
    const file = join(resolve(folder), nativeFileName(platform.triple, addon))
    replaceFile(at('target', target, profile, cdylibName(crate, platform.os)), file)
    say(file)
  }
})
