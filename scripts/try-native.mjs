// Loads a native build on the platform that it is for and asks for its version: `node scripts/try-native.mjs <folder>`.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { main, StepError } from './lib/errors.mjs'
import { at } from './lib/paths.mjs'
import { hostTriple } from './lib/platform.mjs'
import { say } from './lib/progress.mjs'
import { nativeFileName } from './lib/release/native-package.mjs'

await main(() => {
  const file = join(resolve(process.argv[2] ?? '.'), nativeFileName(hostTriple()))
  const native = createRequire(import.meta.url)(file)
  const expected = JSON.parse(readFileSync(at('package.json'), 'utf8')).version
  if (native.version() !== expected) throw new StepError(`${file} is version ${native.version()}, expected ${expected}`)
  say(`${file}: version ${expected}`)
})
