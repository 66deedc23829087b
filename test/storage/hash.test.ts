/** A line's hash is the same by the runtime's own module and by Web Crypto, which is all that a browser has. */
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { afterEach, expect, test, vi } from 'vitest'
import { chained } from '../../ts/storage/conformance/support.js'
import { checkChain, splitLines } from '../../ts/storage/log/chain.js'

const load = async () => (await import('../../ts/storage/hash.js')).linkedHash

afterEach(() => {
  vi.unstubAllGlobals()
  vi.resetModules()
})

test.each([true, false])('with the module of the runtime: %s', async (builtin) => {
  if (!builtin) vi.stubGlobal('process', undefined)
  const linkedHash = await load()
  vi.unstubAllGlobals()
  const link = fc.uint8Array({ minLength: 32, maxLength: 32 })
  await fc.assert(
    fc.asyncProperty(link, fc.string({ unit: 'binary' }), async (before, text) => {
      const found = linkedHash(Buffer.from(before).toString('hex'), text)
      expect(typeof found).toBe(builtin ? 'string' : 'object')
      expect(await found).toBe(createHash('sha256').update(before).update(text, 'utf8').digest('hex'))
    }),
  )
})

test.each([5, 'abc', {}])(
  'what a start names as the run before is a hash, or the chain is broken: %j',
  async (previous) => {
    const { text } = await chained([{ event: 'start', payload: { previous } }])
    await expect(checkChain(splitLines(text, 0), null)).rejects.toMatchObject({ code: 'HOMEOSTAT_JOURNAL_BROKEN' })
  },
)
