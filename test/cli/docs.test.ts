/** docs/cli.md: its examples run, its tables are complete. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import type { Command } from 'commander'
import { expect, it } from 'vitest'
import { EXIT } from '../../ts/cli/exit.js'
import { COMMANDS } from '../../ts/cli/interactive/request.js'
import { makeProgram } from '../../ts/cli/program.js'
import { folder } from '../support/folder.js'
import { cacheTuner, window } from '../support/tuners.js'
import { CLI } from './support/cli.js'

const TEXT = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8')
const blocks = (language: string): string[] =>
  [...TEXT.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map((match) => match[1] as string)

async function place(): Promise<{ cwd: string; env: NodeJS.ProcessEnv }> {
  const cwd = folder()
  const { tuner, clock } = await cacheTuner({ journal: join(cwd, 'journal') })
  for (let i = 0; i < 20; i++) window(tuner, clock)
  await tuner.close()
  mkdirSync(join(cwd, 'bin'))
  writeFileSync(join(cwd, 'bin', 'homeostat'), `#!/bin/sh\nexec "${process.execPath}" "${CLI}" "$@"\n`)
  chmodSync(join(cwd, 'bin', 'homeostat'), 0o755)
  return { cwd, env: { ...process.env, PATH: `${join(cwd, 'bin')}:${process.env.PATH}`, HOME: cwd } }
}

const has = (program: string, ...args: string[]): boolean => spawnSync(program, args).status === 0

it.skipIf(!has('bash', '-c', 'true'))('every example runs, in the order of the page', async (context) => {
  const { cwd, env } = await place()
  const scripts = blocks('sh')
  expect(scripts.length).toBeGreaterThan(10)
  for (const script of scripts) {
    const { status, stderr } = spawnSync('bash', ['-euo', 'pipefail', '-c', script], { cwd, env, encoding: 'utf8' })
    expect({ script, status, stderr: status === 0 ? '' : stderr }).toEqual({ script, status: 0, stderr: '' })
  }
  if (!has('python3', '--version')) return context.skip('there is no python3 for the example of a client')
  for (const script of blocks('python')) {
    const { status, stdout, stderr } = spawnSync('python3', ['-c', script], { cwd, env, encoding: 'utf8' })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(/^\{'params': \{'lr': .*'value': /)
  }
})

it('every command has an example, and every option that the page names is one', () => {
  const program = makeProgram(() => {})
  const scripts = blocks('sh').join('\n')
  const names = program.commands.flatMap((command) =>
    command.commands.length === 0 ? [command.name()] : command.commands.map((sub) => `${command.name()} ${sub.name()}`),
  )
  const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)]
  for (const name of names) expect(scripts).toMatch(new RegExp(`homeostat ${name}\\b`))
  const options = new Set(
    all(program).flatMap((command) =>
      command
        .createHelp()
        .visibleOptions(command)
        .map((option) => option.long),
    ),
  )
  for (const [named] of TEXT.matchAll(/(?<=[\s`])--[a-z][a-z-]+/g)) expect(options).toContain(named)
})

it('its tables have every exit status and every request', () => {
  for (const status of Object.values(EXIT)) expect(TEXT).toMatch(new RegExp(`^\\| ${status} \\|`, 'm'))
  for (const command of COMMANDS) expect(TEXT).toContain(`{"cmd":"${command}"`)
})
