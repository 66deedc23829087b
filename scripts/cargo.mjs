// Runs cargo with the project's toolchain: `npm run cargo -- test -p homeostat-core`.
import { spawn } from 'node:child_process'
import { main } from './lib/errors.mjs'
import { ROOT } from './lib/paths.mjs'
import { ensureRust } from './lib/rust/index.mjs'
import { withLock } from './lib/stamps.mjs'

await main(async () => {
  const rust = await withLock(ensureRust)
  const child = spawn('cargo', process.argv.slice(2), { cwd: ROOT, env: rust.env, stdio: 'inherit' })
  return new Promise((resolve, reject) => child.on('error', reject).on('exit', (code) => resolve(code ?? 1)))
})
