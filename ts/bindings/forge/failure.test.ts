import { expect, test } from 'vitest'
import { HomeostatError } from '../../errors.js'
import { failureOf } from './failure.js'

test.each([
  [new HomeostatError('HOMEOSTAT_KERNEL_REJECTED', 'refused'), 'HOMEOSTAT_KERNEL_REJECTED', 'refused'],
  [new DOMException('gone', 'AbortError'), 'HOMEOSTAT_FORGE_UNSUPPORTED', 'the runtime failed: gone'],
  [
    Object.assign(new Error('no file'), { code: 'ENOENT' }),
    'HOMEOSTAT_FORGE_UNSUPPORTED',
    'the runtime failed: no file',
  ],
  [new RangeError('too long'), 'HOMEOSTAT_DEVICE_MEMORY', 'too long'],
  ['a word', 'HOMEOSTAT_FORGE_UNSUPPORTED', 'the runtime failed: a word'],
  [undefined, 'HOMEOSTAT_FORGE_UNSUPPORTED', 'the runtime failed: undefined'],
])('%s', (error, code, message) => {
  expect(failureOf(error)).toEqual({ code, message })
})
