/** The platforms with a native build, by the name that npm's `os`, `cpu` and `libc` fields and the loader agree on. */
export const PLATFORMS = [
  { triple: 'linux-x64-gnu', rust: 'x86_64-unknown-linux-gnu', os: 'linux', cpu: 'x64', libc: 'glibc' },
  { triple: 'linux-x64-musl', rust: 'x86_64-unknown-linux-musl', os: 'linux', cpu: 'x64', libc: 'musl' },
  { triple: 'linux-arm64-gnu', rust: 'aarch64-unknown-linux-gnu', os: 'linux', cpu: 'arm64', libc: 'glibc' },
  { triple: 'linux-arm64-musl', rust: 'aarch64-unknown-linux-musl', os: 'linux', cpu: 'arm64', libc: 'musl' },
  { triple: 'darwin-x64', rust: 'x86_64-apple-darwin', os: 'darwin', cpu: 'x64' },
  { triple: 'darwin-arm64', rust: 'aarch64-apple-darwin', os: 'darwin', cpu: 'arm64' },
  { triple: 'win32-x64-msvc', rust: 'x86_64-pc-windows-msvc', os: 'win32', cpu: 'x64' },
]

export const isWindows = process.platform === 'win32'

/** glibc reports its version, musl does not: the report header is the documented difference. */
function libcSuffix() {
  if (process.platform === 'win32') return '-msvc'
  if (process.platform !== 'linux') return ''
  return process.report?.getReport().header.glibcVersionRuntime ? '-gnu' : '-musl'
}

export const hostTriple = () => `${process.platform}-${process.arch}${libcSuffix()}`

/** The file that cargo makes of a `cdylib`. */
export function cdylibName(crate, os = process.platform) {
  const name = crate.replaceAll('-', '_')
  if (os === 'win32') return `${name}.dll`
  return os === 'darwin' ? `lib${name}.dylib` : `lib${name}.so`
}

export const MIN_NODE = [20, 19]

export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1])) return
  console.error(
    `Node ${process.versions.node} is too old: Homeostat needs ${MIN_NODE.join('.')} or newer (https://nodejs.org).`,
  )
  process.exit(1)
}
