/**
 * The nine live defects, by the same scenarios for ours and for the breakers that people use: ours has none, and each scenario is worth
 * something, since it shows the defect in a peer that has it. Needs the peers, which the bench installs apart from the project:
 * `npm run bench -- reflex --defects`.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const installed = existsSync(at('.cache/reflex-bench/installed.json'))
const title = 'of nine live defects ours has none, and a peer shows each of those that show in a peer'

/** What was found in peers, so that a scenario that stops showing its defect is noticed. */
const SHOWN = [
  'slow calls in flight go unnoticed',
  'a hung probe wedges the circuit',
  'a result of an earlier era counts',
  'an idle hour stays in the window',
  'one failure opens a fresh circuit',
  'refusals for capacity count as failures',
  'a wall clock stepping back keeps it open',
  'the cost of a failure grows with the window',
]

test.skipIf(!installed)(
  installed ? title : `${title} (skipped: the peers are not installed; npm run bench -- reflex --defects does)`,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'homeostat-'))
    try {
      const file = join(folder, 'defects.json')
      // It ends with 1 where ours has one: which, the table says.
      await promisify(execFile)(process.execPath, [at('bench/reflex.mjs'), '--defects', '--json', file]).catch(
        (error) => {
          if (error.code !== 1 || !existsSync(file)) throw error
        },
      )
      const table = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, boolean>>
      expect(Object.keys(table)).toHaveLength(9)
      for (const [defect, found] of Object.entries(table)) expect(found.homeostat, defect).toBe(false)
      for (const defect of SHOWN) expect(Object.values(table[defect] ?? {}), defect).toContain(true)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
)
