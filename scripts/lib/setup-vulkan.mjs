import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { apt } from './apt.mjs'
import { StepError } from './errors.mjs'
import { say, step } from './progress.mjs'
import { ask } from './run.mjs'

/** The loader, and drivers of which one is the processor. */
const PACKAGES = ['libvulkan1', 'mesa-vulkan-drivers']
/** Where drivers say what they are. */
const DRIVERS = ['/usr/share/vulkan/icd.d', '/usr/local/share/vulkan/icd.d', '/etc/vulkan/icd.d']

async function hasVulkan() {
  if (process.env.VK_DRIVER_FILES || process.env.VK_ICD_FILENAMES) return true
  const some = (folder) => existsSync(folder) && readdirSync(folder).some((name) => name.endsWith('.json'))
  if (!DRIVERS.some(some)) return false
  // The folder of a driver may be there without the loader that looks into it.
  const known = (await ask('/sbin/ldconfig', ['-p'])) ?? ''
  return known.includes('libvulkan.so.1') || existsSync(join('/usr/lib', 'libvulkan.so.1'))
}

/** A Vulkan that computes on the processor, which the forge is tested with. Where there is none those tests are skipped, and say so. */
export async function ensureVulkan(note) {
  if (process.platform !== 'linux' || (await hasVulkan())) return
  if (!(await apt.usable()) || !(await apt.candidate('mesa-vulkan-drivers'))) return
  try {
    // Within another step there is one line for both.
    if (note) await apt.install(PACKAGES, note)
    else await step('software Vulkan from Debian', (line) => apt.install(PACKAGES, line))
  } catch (error) {
    if (!(error instanceof StepError)) throw error
    say(`  software Vulkan cannot be installed: ${error.message}`)
  }
}
