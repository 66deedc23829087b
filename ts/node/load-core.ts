/**
 * Finds the two builds of a core in a file system: beside the package (installed), or in `out` (a working copy).
 */
import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs'
import { createRequire } from 'node:module'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { selectBinding } from '../bindings/select.js'
import { isWasmSource, type WasmSource } from '../bindings/wasm-source.js'
import { invalid } from '../errors.js'

/** `linux-x64-gnu`, `darwin-arm64`, `win32-x64-msvc`, …: as in the names of the platform packages. */
export function platformTriple(): string {
  return `${process.platform}-${process.arch}${abiSuffix()}`
}

function abiSuffix(): string {
  if (process.platform === 'win32') return '-msvc'
  if (process.platform !== 'linux') return ''
  return usesMusl() ? '-musl' : '-gnu'
}

/** Whose loader starts this program; it is named at the beginning of the file. A report says it too, but takes 200 ms. */
function usesMusl(): boolean {
  try {
    const file = openSync(process.execPath, 'r')
    try {
      const head = Buffer.alloc(2048)
      readSync(file, head, 0, head.length, 0)
      if (head.includes('/ld-musl-')) return true
      if (head.includes('/ld-linux')) return false
    } finally {
      closeSync(file)
    }
  } catch {
    // A program that may not be read is asked.
  }
  return glibcVersion() === undefined
}

/** Only glibc reports its version. */
function glibcVersion(): string | undefined {
  // `excludeNetwork` is younger than the types: with it the report does not look up whom every open socket talks to.
  const report = process.report as (NodeJS.ProcessReport & { excludeNetwork?: boolean }) | undefined
  if (report === undefined) return undefined
  const before = report.excludeNetwork ?? false
  report.excludeNetwork = true
  try {
    return (report.getReport() as { header?: { glibcVersionRuntime?: string } }).header?.glibcVersionRuntime
  } finally {
    report.excludeNetwork = before
  }
}

/** A native add-on: `core` holds every core but the forge's, which has its own. */
function loadAddon(addon: Addon): unknown {
  const require = createRequire(import.meta.url)
  const triple = platformTriple()
  const file = addon === 'core' ? `homeostat.${triple}.node` : `homeostat-${addon}.${triple}.node`
  const local = fileURLToPath(new URL(`../../out/native/${file}`, import.meta.url))
  const name = existsSync(local) ? local : `@homeostat/${addon}-${triple}`
  try {
    return require(name)
  } catch (error) {
    // The message of a failed require lists paths over many lines; the first says it.
    throw new Error(String((error as Error).message).split('\n', 1)[0], { cause: error })
  }
}

function readWasm(name: string): Uint8Array<ArrayBuffer> {
  const places = [`../wasm/${name}`, `../../out/wasm/${name}`].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  )
  const path = places.find((place) => existsSync(place))
  if (path === undefined) throw new Error(`no ${name} at ${places.join(' or ')}`)
  return readFileSync(path)
}

export type Addon = 'core' | 'forge'

/** How one core is made from either target. */
export interface Core<B> {
  native(addon: unknown): B
  wasm(source: WasmSource): B
  /** The file of its WebAssembly module. */
  readonly file: string
  /** Which one runs where both are possible; default native. */
  readonly prefers?: 'wasm'
  /** The add-on that it is in; default `core`. */
  readonly addon?: Addon
}

/** Of an add-on that holds several cores it is said once that it is missing. */
const fallbacksTold = new Set<Addon>()

/** Loads a core. `source`: a compiled WebAssembly module or its bytes, which are then used whatever else there is. */
export function loadCore<B>(core: Core<B>, source: unknown, warn: (line: string) => void): B {
  if (source !== undefined) {
    if (!isWasmSource(source)) throw invalid('source', 'a WebAssembly.Module or its bytes', source)
    return core.wasm(source)
  }
  const addon = core.addon ?? 'core'
  return selectBinding({
    native: () => core.native(loadAddon(addon)),
    wasm: () => core.wasm(readWasm(core.file)),
    forced: process.env.HOMEOSTAT_BINDING || core.prefers,
    warn: (line) => {
      if (!fallbacksTold.has(addon)) warn(line)
      fallbacksTold.add(addon)
    },
  })
}
