// Brings a fresh machine to where the project builds: Rust for the host and for WebAssembly, and the npm packages.
import { main } from './lib/errors.mjs'
import { say } from './lib/progress.mjs'
import { setup } from './lib/setup.mjs'
import { withLock } from './lib/stamps.mjs'

await main(async () => {
  const { rust } = await withLock(setup)
  say(`set up: Node ${process.versions.node}, Rust ${rust.version} (${rust.source})`)
})
