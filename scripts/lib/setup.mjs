import { ensurePackages } from './npm.mjs'
import { ROOT } from './paths.mjs'
import { checkNode } from './platform.mjs'
import { ensureRust } from './rust/index.mjs'

/** Brings this machine to where the project builds. Idempotent; says nothing where nothing is to be done. */
export async function setup() {
  checkNode()
  const rust = await ensureRust()
  await ensurePackages(ROOT, 'project')
  return { rust }
}
