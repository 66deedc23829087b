// Installs the runtimes that the packaging test tries the tarball in: Node 20, 22, 24, workerd, Deno, Bun, Chromium.
import { main } from './lib/errors.mjs'
import { checkNode } from './lib/platform.mjs'
import { setupTest } from './lib/setup-test.mjs'
import { withLock } from './lib/stamps.mjs'

await main(async () => {
  checkNode()
  await withLock(setupTest)
})
