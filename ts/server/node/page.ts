/**
 * The dashboard's files as the server serves them: beside the package (installed), or in `out` (a working copy). Read once, when a
 * server is made; undefined where it was not built.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Assets } from '../assets/assets.js'

const TYPES: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
}

export function readPage(): Assets | undefined {
  const folder = ['../dashboard/', '../../../out/dashboard/']
    .map((path) => fileURLToPath(new URL(path, import.meta.url)))
    .find((path) => existsSync(join(path, 'index.html')))
  if (folder === undefined) return undefined
  const files = readdirSync(join(folder, 'assets')).map((name) => {
    const type = TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream'
    return [
      `assets/${name}`,
      { type, body: readFileSync(join(folder, 'assets', name), 'utf8'), immutable: true },
    ] as const
  })
  const page = { type: 'text/html; charset=utf-8', body: readFileSync(join(folder, 'index.html'), 'utf8') }
  return Object.fromEntries([['', page] as const, ...files])
}
