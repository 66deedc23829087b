/** schemathesis over the generated document: no 5xx, no answer that does not fit it. Bounded; `HOMEOSTAT_FUZZ_EXAMPLES` and `HOMEOSTAT_FUZZ_SECONDS` ask for more. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { expect, test } from 'vitest'
import { alone, closeAll } from '../support/mounted.js'
import { plant, TOKENS, tokens } from '../support/plant.js'
import { schemathesis } from '../support/schemathesis.js'

const EXAMPLES = process.env.HOMEOSTAT_FUZZ_EXAMPLES ?? '8'
const SECONDS = process.env.HOMEOSTAT_FUZZ_SECONDS ?? '10'

/** What may be said of any answer: no 5xx, a status, a type and a body that the document has. */
const CHECKS =
  'not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,negative_data_rejection,ignored_auth'

test('fuzzed', { timeout: 600_000 }, async (context) => {
  const found = schemathesis()
  if ('reason' in found) return context.skip(found.reason)
  const { options, pass } = await plant(5)
  const at = await alone({ ...options, tokens, heartbeat: 100 })
  pass(20)
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-fuzz-'))
  try {
    writeFileSync(join(folder, 'schemathesis.toml'), '')
    // With the names that there are: the public document has none.
    const document = join(folder, 'openapi.json')
    writeFileSync(document, JSON.stringify(at.operations.openapi))
    const url = `http://127.0.0.1:${at.port}`
    const args = [
      ...['run', document, '--url', url, '--seed', '7', '--generation-deterministic', '--no-color'],
      ...[
        '--max-examples',
        EXAMPLES,
        '--max-time',
        SECONDS,
        '--phases',
        'examples,coverage,fuzzing',
        '--checks',
        CHECKS,
      ],
      // A stream does not end; it has tests of its own.
      ...['--exclude-operation-id', 'getEvents', '--request-timeout', '5'],
      ...['--header', `Authorization: Bearer ${TOKENS.operator}`, '--suppress-health-check', 'all'],
    ]
    const { status, output } = await run(found.command, args, folder)
    expect({ status, output: status === 0 ? '' : output.slice(-6000) }).toEqual({ status: 0, output: '' })
    expect(output).toMatch(/\d+ generated|passed/)
  } finally {
    rmSync(folder, { recursive: true, force: true })
    await closeAll()
  }
})

function run(
  command: string,
  args: readonly string[],
  cwd: string,
): Promise<{ status: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (part) => (output += part))
    child.stderr.on('data', (part) => (output += part))
    child.on('error', reject)
    child.on('close', (status) => resolve({ status, output }))
  })
}
