// Writes the lockfiles so that `npm ci` works on every platform and with every registry: `npm run lockfile [folder …]`.
//
// A registry may mirror only some platforms' builds of a tool. npm then leaves the others out of the lockfile, and its own
// `npm ci` refuses the result. They are put back here by name and exact version; npm skips those of other platforms
// without a look at the registry.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { main } from './lib/errors.mjs'
import { npmCommand, npmEnv } from './lib/npm.mjs'
import { ROOT } from './lib/paths.mjs'
import { say, step } from './lib/progress.mjs'
import { must } from './lib/run.mjs'

const OS = ['linux', 'darwin', 'win32', 'android', 'freebsd', 'openbsd', 'netbsd', 'sunos', 'aix', 'openharmony']
const CPU = ['x64', 'arm64', 'arm', 'ia32', 'ppc64', 'riscv64', 's390x', 'loong64', 'mips64el', 'wasm32']

/** npm's platform fields, read from a package name as the builders of such packages write it. */
function platformOf(name) {
  const words = name.split('/').at(-1).split(/[-.]/)
  const os = words.find((word) => OS.includes(word))
  const cpu = words.find((word) => CPU.includes(word))
  const libc = words.some((word) => /^(gnu|glibc)/.test(word))
    ? 'glibc'
    : words.some((word) => /^musl/.test(word))
      ? 'musl'
      : undefined
  return { cpu: cpu && [cpu], os: os && [os], libc: os === 'linux' && libc ? [libc] : undefined }
}

function complete(lock) {
  const added = {}
  for (const [path, entry] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const nested = `${path}/node_modules/${name}`
      const top = `node_modules/${name}`
      if (lock.packages[nested] || lock.packages[top] || !/^\d+\.\d+\.\d+/.test(version)) continue
      const { cpu, os, libc } = platformOf(name)
      if (!cpu) continue
      added[top] = {
        version,
        cpu,
        ...(entry.dev && { dev: true }),
        ...(libc && { libc }),
        optional: true,
        ...(os && { os }),
      }
    }
  }
  const sorted = Object.entries({ ...lock.packages, ...added }).sort(([a], [b]) => (a < b ? -1 : 1))
  lock.packages = Object.fromEntries(sorted)
  return Object.keys(added).length
}

await main(async () => {
  const folders = process.argv.slice(2)
  for (const folder of (folders.length > 0 ? folders : ['.', 'test/packaging']).map((f) => resolve(ROOT, f))) {
    const file = join(folder, 'package-lock.json')
    const [command, ...args] = npmCommand()
    await step(`lockfile of ${folder}`, async (note) => {
      rmSync(file, { force: true })
      await must(command, [...args, 'install', '--package-lock-only', '--omit-lockfile-registry-resolved'], {
        cwd: folder,
        env: npmEnv(),
        note,
      })
    })
    const lock = JSON.parse(readFileSync(file, 'utf8'))
    const added = complete(lock)
    writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
    say(`${Object.keys(lock.packages).length} packages, ${added} of other platforms put back`)
  }
})
