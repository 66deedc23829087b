/**
 * The dashboard's files as the server serves them: beside the package (installed), or in `out` (a working copy). Read once, when a
 * server is made; undefined where it was not built.
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Asset, Assets } from '../assets/assets.js'

const TYPES: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
}

const FOLDERS = ['../dashboard/', '../../../out/dashboard/'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
)

export function readPage(folders: readonly string[] = FOLDERS): Assets | undefined {
  const folder = folders.find((path) => existsSync(join(path, 'index.html')))
  if (folder === undefined) return undefined
  const files = readdirSync(join(folder, 'assets')).map((name) => {
    const type = TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream'
    return [
      `assets/${name}`,
      { type, body: readFileSync(join(folder, 'assets', name), 'utf8'), immutable: true },
    ] as const
  })
  return Object.fromEntries([['', pageOf(readFileSync(join(folder, 'index.html'), 'utf8'))] as const, ...files])
}

function pageOf(body: string): Asset {
  const hashes = (within: RegExp): string[] =>
    [...body.matchAll(within)].map(([, text = '']) => `sha256-${createHash('sha256').update(text).digest('base64')}`)
  const inline = {
    scripts: hashes(/<script>(.*?)<\/script>/gs),
    styles: hashes(/<style>(.*?)<\/style>/gs),
  }
  return { type: 'text/html; charset=utf-8', body, inline }
}
