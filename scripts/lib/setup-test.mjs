import { ensurePackages } from './npm.mjs'
import { at } from './paths.mjs'
import { ensureChromium } from './setup-browser.mjs'

/**
 * What only the packaging test needs: other Node versions, workerd, Deno and Bun from npm, and a browser from the
 * system. A browser that cannot be installed is no error: the check that needs it is skipped, and says so.
 */
export async function setupTest() {
  await ensurePackages(at('test', 'packaging'), 'test runtimes')
  await ensureChromium()
}
