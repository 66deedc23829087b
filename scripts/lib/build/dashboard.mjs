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
  inputs: ['ts/dashboard', 'ts/plot', 'ts/sse', 'ts/tuner/scale.ts', 'package-lock.json'],
  outputs: () => [join(OUT, 'index.html')],
  async build() {
    const app = await script('main.ts', 'esm')
    const hash = createHash('sha256').update(app).digest('hex').slice(0, 12)
    const file = `assets/app-${hash}.js`
    // What the first frame needs is within the page: in a fresh process of a browser a file more costs as much as all of its frame.
    const within = { 'style.css': ['style', style()], 'early.js': ['script', await script('early.ts', 'iife')] }
    let page = readFileSync(at('ts/dashboard/index.html'), 'utf8').replace('{app.js}', file)
    for (const [name, [element, text]] of Object.entries(within)) {
      if (/<\/(script|style)/i.test(text)) throw new StepError(`${name} would end its element within the page`)
      page = page.replace(`<!--${name}-->`, () => `<${element}>${text.trim()}</${element}>`)
    }
    rmSync(OUT, { recursive: true, force: true })
    mkdirSync(join(OUT, 'assets'), { recursive: true })
    writeFileSync(join(OUT, file), app)
    const bytes = gzipSync(page).length + gzipSync(app).length
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
