/** The file of tokens that the environment names: read again when it changes, until the application says itself who may ask. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { server } from '../../ts/entries/server/node.js'
import { folder } from '../support/folder.js'

const LOOK_MS = 1000
const tokenOf = (word: string): string => `${word}-token-000000000000000`

test('a mounted server takes changes of the file, keeps what it has where they are no tokens, and then obeys the application', async () => {
  const path = join(folder(), 'tokens')
  const write = (text: string): void => writeFileSync(path, text, { mode: 0o600 })
  vi.stubEnv('HOMEOSTAT_TOKENS', `fixed read ${tokenOf('fixed')}`)
  vi.stubEnv('HOMEOSTAT_TOKEN_FILE', path)
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const warn = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  onTestFinished(() => {
    vi.useRealTimers()
    vi.unstubAllEnvs()
    warn.mockRestore()
  })
  write(`ada operate ${tokenOf('first')}\n`)
  const operations = await server()
  onTestFinished(() => operations.close())
  const statusOf = async (word: string): Promise<number> => {
    const headers = { authorization: `Bearer ${tokenOf(word)}`, host: 'localhost' }
    return (await operations.fetch(new Request('http://localhost/api/v1', { headers }))).status
  }
  expect([await statusOf('first'), await statusOf('fixed')]).toEqual([200, 200])
  write(`# given out anew\nada operate ${tokenOf('second')}\n`)
  vi.advanceTimersByTime(LOOK_MS)
  // One that is withdrawn is wrong from then on; what stands in the environment stays.
  expect([await statusOf('second'), await statusOf('first'), await statusOf('fixed')]).toEqual([200, 401, 200])
  write('nobody\n')
  vi.advanceTimersByTime(3 * LOOK_MS)
  expect(warn.mock.calls.filter(([line]) => String(line).includes('the tokens stay as they are'))).toHaveLength(1)
  expect(String(warn.mock.calls)).not.toContain(tokenOf('second'))
  expect(await statusOf('second')).toBe(200)
  operations.setTokens([{ name: 'ada', role: 'read', token: tokenOf('third') }])
  write(`ada operate ${tokenOf('fourth')}, eve read ${tokenOf('fifth')}\n`)
  vi.advanceTimersByTime(2 * LOOK_MS)
  expect([await statusOf('third'), await statusOf('fourth')]).toEqual([200, 401])
})
