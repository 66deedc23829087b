import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isWindows } from '../../../scripts/lib/platform.mjs'
import { onPath } from '../../../scripts/lib/rust/probe.mjs'
import { Skip } from '../lib/checks.mjs'

const modules = fileURLToPath(new URL('../node_modules', import.meta.url))
const exe = isWindows ? '.exe' : ''
const { platform, arch } = process

/** The program that npm installed for this platform, else the one that the machine has. */
function find(name, candidates) {
  const found = candidates.find((file) => file && existsSync(file))
  if (!found) throw new Skip(`${name} is not installed and npm has none for ${platform}-${arch}`)
  return found
}

const musl = () => platform === 'linux' && !process.report.getReport().header.glibcVersionRuntime

export function findNode(major) {
  if (Number(process.versions.node.split('.')[0]) === major) return process.execPath
  if (musl()) throw new Skip(`npm's builds of Node ${major} need glibc`)
  return find(`Node ${major}`, [
    process.env[`NODE${major}`],
    join(modules, `node${major}-${platform}-${arch}`, 'bin', 'node'),
  ])
}

export function findDeno() {
  const libc = platform === 'linux' ? '-glibc' : ''
  return find('Deno', [!musl() && join(modules, '@deno', `${platform}-${arch}${libc}`, `deno${exe}`), onPath('deno')])
}

export function findBun() {
  const system = platform === 'win32' ? 'windows' : platform
  const cpu = arch === 'arm64' ? 'aarch64' : arch
  return find('Bun', [
    join(modules, '@oven', `bun-${system}-${cpu}${musl() ? '-musl' : ''}`, 'bin', `bun${exe}`),
    onPath('bun'),
  ])
}

export function findChromium() {
  return find('Chromium', [
    process.env.CHROMIUM,
    ...['chromium', 'chromium-browser', 'google-chrome', 'chrome'].map((name) => onPath(name)),
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  ])
}
