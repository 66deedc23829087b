import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { StepError } from '../errors.mjs'
import { at } from '../paths.mjs'

/** Compressed, all of it together. */
const BYTES_MAX = 150_000
const STYLES = ['tokens.css', 'layout.css', 'parts.css']
/** Where the page is put; the façade's build takes it into the package. */
const OUT = at('out', 'dashboard')

export const dashboard = {
  title: 'dashboard',
  tool: 'node',
  // What it shows is typed, and in part computed, as the server and the plots have it.
  inputs: ['ts/dashboard', 'ts/plot', 'ts/server/trace/scale.ts', 'package-lock.json'],
  outputs: () => [join(OUT, 'index.html')],
  async build() {
    const files = {
      'app.js': await script('main.ts', 'esm'),
      'early.js': await script('early.ts', 'iife'),
      'style.css': style(),
    }
    rmSync(OUT, { recursive: true, force: true })
    mkdirSync(join(OUT, 'assets'), { recursive: true })
    let page = readFileSync(at('ts/dashboard/index.html'), 'utf8')
    let bytes = 0
    for (const [name, text] of Object.entries(files)) {
      const hash = createHash('sha256').update(text).digest('hex').slice(0, 12)
      const file = `assets/${name.replace('.', `-${hash}.`)}`
      page = page.replace(`{${name}}`, file)
      bytes += gzipSync(text).length
      writeFileSync(join(OUT, file), text)
    }
    bytes += gzipSync(page).length
    if (bytes > BYTES_MAX)
      throw new StepError(`the dashboard weighs ${bytes} bytes compressed, ${BYTES_MAX} are allowed`)
    writeFileSync(join(OUT, 'index.html'), page)
    return `${(bytes / 1000).toFixed(1)} kB compressed`
  },
}

async function script(file, format) {
  const { rolldown } = await import('rolldown')
  const bundle = await rolldown({ input: at('ts/dashboard', file), platform: 'browser', logLevel: 'warn' })
  const { output } = await bundle.generate({ format, minify: true, comments: false })
  await bundle.close()
  return output[0].code
}

/** Without comments and indentation: the rest is the compressor's. */
const style = () =>
  STYLES.map((name) => readFileSync(at('ts/dashboard/style', name), 'utf8'))
    .join('')
    .replace(/\/\*.*?\*\//gs, '')
    .replace(/\n\s*/g, '')
