import { readFileSync } from 'node:fs'
import { StepError } from './errors.mjs'
import { ask, must, run } from './run.mjs'

/** dpkg's lock may be held by an unattended upgrade: wait for it instead of failing. */
const OPTIONS = [
  '-y',
  '-q',
  '--no-install-recommends',
  '-o',
  'DPkg::Lock::Timeout=300',
  '-o',
  'APT::Sandbox::User=root',
]
const isRoot = () => process.getuid?.() === 0

let usable
let refreshed = false

const elevate = (command) => (isRoot() ? command : ['sudo', '-n', ...command])

async function refresh(note) {
  if (refreshed) return
  refreshed = true
  const [command, ...args] = elevate(['apt-get', 'update', '-q'])
  // A failing mirror of a package that is not needed is no reason to stop: the installation itself decides.
  await run(command, args, { log: 'apt', note, timeoutMs: 300_000 })
}

async function policy(name) {
  const found = /Candidate: (\S+)/.exec((await ask('apt-cache', ['policy', name])) ?? '')?.[1]
  return found === '(none)' ? undefined : found
}

function isDebian() {
  try {
    return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync('/etc/os-release', 'utf8'))
  } catch {
    return false
  }
}

export const apt = {
  /** A Debian or a child of it, with root or a sudo that does not ask. */
  async usable() {
    usable ??= isDebian() && (isRoot() || (await ask('sudo', ['-n', 'true'])) !== undefined)
    return usable
  },

  /** The version that would be installed, or undefined. A package list that was never fetched is fetched once. */
  async candidate(name) {
    const found = await policy(name)
    if (found || refreshed) return found
    await refresh()
    return policy(name)
  },

  async installed(name) {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own syntax
    return (await ask('dpkg-query', ['-W', '-f', '${db:Status-Status}', name])) === 'installed'
  },

  /** Installs what is missing of the named packages. */
  async install(names, note) {
    const missing = []
    for (const name of names) if (!(await apt.installed(name))) missing.push(name)
    if (missing.length === 0) return
    if (!(await apt.usable())) {
      throw new StepError(`the system packages ${missing.join(' ')} are missing and cannot be installed without root`, {
        remedy: `sudo apt-get install ${missing.join(' ')}`,
      })
    }
    await refresh(note)
    const [command, ...args] = elevate([
      'env',
      'DEBIAN_FRONTEND=noninteractive',
      'apt-get',
      'install',
      ...OPTIONS,
      ...missing,
    ])
    await must(command, args, {
      log: 'apt',
      note,
      remedy: `install them by hand: sudo apt-get install ${missing.join(' ')}`,
    })
  },
}
