/** The seam that the page comes by: a table made of the files that its build left, and a policy that names what is within it. */
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { readPage } from '../../ts/server/node/page.js'
import { folder } from '../support/folder.js'
import { ask } from './support/ask.js'
import { closeAll, onExpress } from './support/mounted.js'

afterEach(closeAll)

const SCRIPT = 'console.log(1)'
const STYLE = 'p{color:red}'

function built(): string {
  const path = folder()
  mkdirSync(join(path, 'assets'))
  writeFileSync(
    join(path, 'index.html'),
    `<!doctype html><style>${STYLE}</style><script>${SCRIPT}</script><link rel="modulepreload" href="./assets/app-1.js">`,
  )
  writeFileSync(join(path, 'assets', 'app-1.js'), 'console.log(2)')
  return path
}
const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

test('files are served under their hashed names, for ever; the page never is kept', async () => {
  const picture = { type: 'image/png', body: Buffer.from([0x89, 0x50, 0, 255]).toString('base64'), base64: true }
  const assets = { ...readPage([folder(), built()]), 'icon.png': picture }
  const at = await onExpress({ assets })
  const index = await ask(at, { path: '/' })
  expect([index.status, index.headers.get('cache-control')]).toEqual([200, 'no-store'])
  const found = await ask(at, { path: '/assets/app-1.js' })
  expect(found.body).toBe('console.log(2)')
  expect(found.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
  expect(found.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
  expect((await ask(at, { path: '/assets/app.js' })).status).toBe(404)
  expect((await ask(at, { path: '/icon.png' })).headers.get('content-length')).toBe('4')
  expect((await ask(at, { method: 'POST', path: '/', body: {} })).status).toBe(405)
})

test('what stands within the page runs by its hash, and nothing else does', async () => {
  const at = await onExpress({ assets: readPage([built()]) })
  const policyAt = async (path: string) => (await ask(at, { path })).headers.get('content-security-policy')?.split('; ')
  expect(await policyAt('/')).toEqual(
    expect.arrayContaining([`script-src 'self' ${hash(SCRIPT)}`, `style-src 'self' ${hash(STYLE)}`]),
  )
  expect(await policyAt('/assets/app-1.js')).toEqual(expect.arrayContaining(["script-src 'self'", "style-src 'self'"]))
  expect(readPage([folder()])).toBeUndefined()
})
