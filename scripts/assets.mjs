// Makes the table of what the operations server serves of a built page: `node scripts/assets.mjs <folder> <table.ts>`. Every file but
// index.html gets its hash into its name, the page is made to name them so, and scripts or styles within the page are refused: the policy
// that it is served with would not run them.
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { extname, relative, sep } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { filesBelow } from './lib/paths.mjs'

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
}
const TEXT = /^(text\/|application\/(json|manifest\+json)|image\/svg)/

/** The table of a folder: `{ path: { type, body, base64?, immutable? } }`; the page is under the empty path. */
export function assetsOf(folder) {
  const files = filesBelow([folder]).map((path) => ({
    name: relative(folder, path).split(sep).join('/'),
    bytes: readFileSync(path),
  }))
  const page = files.find(({ name }) => name === 'index.html')
  if (page === undefined) throw new Error(`${folder} has no index.html`)
  const named = files.filter((file) => file !== page).map((file) => ({ ...file, hashed: hashedName(file) }))
  let html = page.bytes.toString('utf8')
  for (const { name, hashed } of named) {
    // As an attribute, relative or not: other texts that happen to be like it are left alone.
    html = html.replaceAll(new RegExp(`((?:src|href)=")(?:\\./|/)?${escaped(name)}(")`, 'g'), `$1${hashed}$2`)
  }
  const inline = /<script(?![^>]*\bsrc=)[^>]*>|<style|\son\w+=|\sstyle=/i.exec(html)
  if (inline !== null) throw new Error(`index.html has a script or style within: ${inline[0]}`)
  const table = { '': { type: TYPES['.html'], body: html } }
  for (const { name, hashed, bytes } of named) {
    const type = TYPES[extname(name)]
    if (type === undefined) throw new Error(`${name} is of no known type: ${Object.keys(TYPES).join(', ')}`)
    const text = TEXT.test(type)
    table[hashed] = {
      type,
      body: text ? bytes.toString('utf8') : bytes.toString('base64'),
      ...(!text && { base64: true }),
      immutable: true,
    }
  }
  return table
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

function hashedName({ name, bytes }) {
  const extension = extname(name)
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 10)
  return `${name.slice(0, name.length - extension.length)}-${hash}${extension}`
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [folder, out] = process.argv.slice(2)
  if (out === undefined) throw new Error('node scripts/assets.mjs <folder> <table.ts>')
  const head =
    "// Made by scripts/assets.mjs. Do not edit.\nimport type { Assets } from '../server/assets/assets.js'\n\n"
  writeFileSync(out, `${head}export const ASSETS: Assets = ${JSON.stringify(assetsOf(folder), null, 2)}\n`)
}
