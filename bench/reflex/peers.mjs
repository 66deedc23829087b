// Rivals of the reflex's bench: installed once under .cache, never into the project itself.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath, pathToFileURL } from 'node:url'

const MANIFEST = fileURLToPath(new URL('package.json', import.meta.url))
const FOLDER = fileURLToPath(new URL('../../.cache/reflex-bench/', import.meta.url))

/** Does nothing where they are there already. */
export function installPeers() {
  const stamp = join(FOLDER, 'installed.json')
  const wanted = readFileSync(MANIFEST, 'utf8')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  mkdirSync(FOLDER, { recursive: true })
  copyFileSync(MANIFEST, join(FOLDER, 'package.json'))
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const words = ['install', '--silent', '--no-audit', '--no-fund', '--ignore-scripts']
  const done = spawnSync(npm, words, { cwd: FOLDER, stdio: 'inherit', shell: process.platform === 'win32' })
  if (done.status !== 0) throw new Error('the rivals could not be installed; check the registry that npm uses')
  writeFileSync(stamp, wanted)
}

/** Every rival by its name here. */
export async function loadPeers() {
  installPeers()
  const require = createRequire(join(FOLDER, 'package.json'))
  // What has no entry for `require` has one for `import`.
  const entryOf = (name) => {
    const folder = join(FOLDER, 'node_modules', name)
    const { type, exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    return type === 'module' && exports?.default ? join(folder, exports.default) : require.resolve(name)
  }
  const load = async (name) => {
    try {
      return await import(pathToFileURL(entryOf(name)).href)
    } catch (error) {
      // Some versions want a newer runtime than this one: then that row is missing, and says so.
      process.stderr.write(`${name} does not load here: ${error.message.split('\n', 1)[0]}\n`)
      return undefined
    }
  }
  const all = async (names) =>
    Object.fromEntries(
      (await Promise.all(names.map(async (name) => [name.replace('-', ' '), await load(name)]))).filter(
        ([, found]) => found,
      ),
    )
  const defaults = (found) => Object.fromEntries(Object.entries(found).map(([name, peer]) => [name, peer.default]))
  const [cockatiels, opossums, queues] = await Promise.all([
    all(['cockatiel-3', 'cockatiel-4']),
    all(['opossum-9', 'opossum-10']),
    all(['bottleneck', 'p-queue']),
  ])
  const { bottleneck: Bottleneck, 'p queue': PQueue } = defaults(queues)
  return { cockatiels, opossums: defaults(opossums), Bottleneck, PQueue }
}
