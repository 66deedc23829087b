/** The seam that the page comes by: a table made of files, names with hashes, no script within the page. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { assetsOf } from '../../scripts/assets.mjs'
import { folder } from '../support/folder.js'
import { ask } from './support/ask.js'
import { closeAll, onExpress } from './support/mounted.js'

afterEach(closeAll)

function page(html: string): string {
  const path = folder()
  mkdirSync(join(path, 'assets'))
  writeFileSync(join(path, 'index.html'), html)
  writeFileSync(join(path, 'assets', 'app.js'), 'console.log(1)')
  writeFileSync(join(path, 'assets', 'icon.png'), Buffer.from([0x89, 0x50, 0, 255]))
  return path
}

test('files are served under their hashed names, for ever; the page never is kept', async () => {
  const table = assetsOf(
    page('<!doctype html><script type="module" src="/assets/app.js"></script><p>assets/app.js</p>'),
  )
  const names = Object.keys(table)
  const script = names.find((name) => name.endsWith('.js')) as string
  expect(script).toMatch(/^assets\/app-[0-9a-f]{10}\.js$/)
  expect(table[''].body).toContain(`src="${script}"`)
  expect(table[''].body).toContain('<p>assets/app.js</p>')
  const at = await onExpress({ assets: table })
  const index = await ask(at, { path: '/' })
  expect([index.status, index.headers.get('cache-control')]).toEqual([200, 'no-store'])
  const found = await ask(at, { path: `/${script}` })
  expect(found.body).toBe('console.log(1)')
  expect(found.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
  expect(found.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
  expect((await ask(at, { path: '/assets/app.js' })).status).toBe(404)
  const picture = names.find((name) => name.endsWith('.png')) as string
  expect((await ask(at, { path: `/${picture}` })).headers.get('content-length')).toBe('4')
  expect((await ask(at, { method: 'POST', path: '/', body: {} })).status).toBe(405)
})

test.each(['<script>alert(1)</script>', '<style>p{}</style>', '<p onclick="x()">', '<p style="x">'])(
  'a page with %s within is refused',
  (html) => {
    expect(() => assetsOf(page(html))).toThrow('within')
  },
)
