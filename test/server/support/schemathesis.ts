/**
 * schemathesis in an environment of its own below the project's cache, made once. Where there is no Python, or the index cannot be
 * reached, it says why there is none.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CACHE } from '../../../scripts/lib/paths.mjs'

const REQUIREMENTS = fileURLToPath(new URL('../fuzz/requirements.txt', import.meta.url))
const SETUP_MS = 240_000

export type Found = { readonly command: string } | { readonly reason: string }

export function schemathesis(): Found {
  const key = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12)
  const folder = join(CACHE, `schemathesis-${key}`)
  const command = join(folder, 'bin', 'schemathesis')
  const done = join(folder, 'complete')
  if (existsSync(done)) return { command }
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(CACHE, { recursive: true })
  const steps: readonly (readonly [string, string[]])[] = [
    ['python3', ['-m', 'venv', folder]],
    [
      join(folder, 'bin', 'python'),
      [
        '-m',
        'pip',
        'install',
        '--quiet',
        '--disable-pip-version-check',
        '--retries',
        '1',
        '--timeout',
        '20',
        '-r',
        REQUIREMENTS,
      ],
    ],
  ]
  for (const [program, args] of steps) {
    const { status, error, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: SETUP_MS })
    if (status === 0) continue
    rmSync(folder, { recursive: true, force: true })
    const why = (error?.message ?? stderr.trim().split('\n').at(-1) ?? '').slice(0, 200)
    return { reason: `schemathesis cannot be installed: ${why}` }
  }
  writeFileSync(done, '')
  return { command }
}
