// Names the native build of one Rust target as the loader expects it: `node scripts/collect.mjs <rust target> <folder>`.
import { join, resolve } from 'node:path'
import { replaceFile } from './lib/build/native.mjs'
import { main, StepError } from './lib/errors.mjs'
import { at } from './lib/paths.mjs'
import { cdylibName, PLATFORMS } from './lib/platform.mjs'
import { say } from './lib/progress.mjs'
import { nativeFileName } from './lib/release/native-package.mjs'

await main(() => {
  const [target, folder] = process.argv.slice(2)
  const platform = PLATFORMS.find((p) => p.rust === target)
  if (!platform || !folder)
    throw new StepError(`no native package for target '${target}'`, {
      remedy: `one of ${PLATFORMS.map((p) => p.rust).join(', ')}`,
    })
  const file = join(resolve(folder), nativeFileName(platform.triple))
  replaceFile(at('target', target, 'release', cdylibName('homeostat-node', platform.os)), file)
  say(file)
})
