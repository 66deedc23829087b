// Loads the native builds on the platform that they are for and asks for their version: `node scripts/try-native.mjs <folder>`.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { main, StepError } from './lib/errors.mjs'
import { at } from './lib/paths.mjs'
import { hostTriple } from './lib/platform.mjs'
import { say } from './lib/progress.mjs'
import { ADDONS, nativeFileName } from './lib/release/native-package.mjs'

await main(() => {
  const expected = JSON.parse(readFileSync(at('package.json'), 'utf8')).version
  for (const addon of Object.keys(ADDONS)) {
    const file = join(resolve(process.argv[2] ?? '.'), nativeFileName(hostTriple(), addon))
    const version = createRequire(import.meta.url)(file).version()
    if (version !== expected) throw new StepError(`${file} is version ${version}, expected ${expected}`)
    say(`${file}: version ${expected}`)
  }
})
