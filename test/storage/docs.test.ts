/** docs/storage.md says every code, and every option with its default. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { FACADE_CODES } from '../../ts/errors.js'

const TEXT = readFileSync(new URL('../../docs/storage.md', import.meta.url), 'utf8')

test('every code of a store is in the table', () => {
  const table = TEXT.split('\n').filter((line) => line.startsWith('| `HOMEOSTAT_STORAGE_'))
  // One row has two, of which the second is shortened.
  const said = table.flatMap((line) =>
    [...line.matchAll(/`(?:HOMEOSTAT_STORAGE)?_([A-Z_]+)`/g)].map(([, name]) => name),
  )
  const known = Object.keys(FACADE_CODES).flatMap((code) => /^HOMEOSTAT_STORAGE_(.+)/.exec(code)?.[1] ?? [])
  expect(said.sort()).toEqual(known.sort())
})
