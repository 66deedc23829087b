/** Completion in the shells themselves. */
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { describe, expect, it } from 'vitest'
import { CLI, lines } from './support/cli.js'
import { workplace } from './support/studies.js'

const SHELLS = ['bash', 'zsh', 'fish'] as const
const installed = (shell: string): boolean => spawnSync(shell, ['-c', 'true']).status === 0
const scriptOf = (shell: string): string =>
  execFileSync(process.execPath, [CLI, 'completion', shell], { encoding: 'utf8' })
const scripts = Object.fromEntries(SHELLS.map((shell) => [shell, scriptOf(shell)]))

/** What is typed, and what a shell must then offer among other things, or not. */
const CASES: readonly (readonly [typed: string, offered: readonly string[], not: readonly string[]])[] = [
  ['homeostat ', ['run', 'ask', 'journal', 'completion'], ['verify', 'tune.json']],
  ['homeostat re', ['replay'], ['run']],
  ['homeostat run --co', ['--config', '--concurrency'], ['--state']],
  ['homeostat run --config ', ['tune.json'], ['--config']],
  ['homeostat run --strategy ', ['tpe', 'sobol'], ['tune.json']],
  ['homeostat journal ', ['verify', 'show', 'tail', 'stats'], ['run']],
  ['homeostat journal show --ev', ['--event'], ['--json']],
  ['homeostat status ', ['tune.jsonl'], ['run']],
  ['homeostat completion ', ['bash', 'zsh', 'fish'], ['tune.json']],
]

function place() {
  const made = workplace()
  for (const name of ['tune.json', 'tune.jsonl']) writeFileSync(made.path(name), '')
  mkdirSync(made.path('bin'))
  writeFileSync(made.path('bin/homeostat'), `#!/bin/sh\nexec "${process.execPath}" "${CLI}" "$@"\n`)
  chmodSync(made.path('bin/homeostat'), 0o755)
  return made
}

function inShell(shell: string, args: readonly string[], script: string): string[] {
  const { cwd, path } = place()
  const env = {
    ...process.env,
    PATH: `${path('bin')}:${process.env.PATH}`,
    HOME: cwd,
    XDG_CONFIG_HOME: cwd,
    XDG_DATA_HOME: cwd,
  }
  const { status, stdout, stderr } = spawnSync(shell, [...args, script], { cwd, encoding: 'utf8', env })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return lines(stdout)
}

describe.skipIf(!installed('bash'))('bash', () => {
  it.each(CASES)('%j', (typed, offered, not) => {
    const words = typed.split(' ')
    const call = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _homeostat; printf '%s\\n' "\${COMPREPLY[@]}"`
    const found = inShell('bash', ['--norc', '-c'], `${scripts.bash}\n${call}`)
    expect(found).toEqual(expect.arrayContaining([...offered]))
    for (const word of not) expect(found).not.toContain(word)
  })
})

describe.skipIf(!installed('fish'))('fish', () => {
  it('offers what belongs there', () => {
    const calls = CASES.map(([typed]) => `complete -C '${typed}'; echo ---`).join('\n')
    const found = inShell('fish', ['--no-config', '-c'], `${scripts.fish}\n${calls}`).join('\n').split('---')
    for (const [i, [typed, offered, not]] of CASES.entries()) {
      const words = lines(found[i] as string).map((line) => line.split('\t', 1)[0])
      expect({ typed, words }).toEqual({ typed, words: expect.arrayContaining([...offered]) })
      for (const word of not) expect({ typed, words }).not.toEqual({ typed, words: expect.arrayContaining([word]) })
    }
  })
})

describe.skipIf(!installed('zsh'))('zsh', () => {
  // The only way to ask zsh is to type into one, on a terminal of its own. Between two lines the terminal is not zsh's but cooked: the
  // keys must be none that mean something there.
  it('offers what belongs there', () => {
    const driver = `
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z 'stty rows 50 cols 200; PS1=; autoload -Uz compinit; compinit -u -D; source ./completion.zsh; bindkey "^G" list-choices "^B" kill-whole-line; echo REA""DY'
zpty -r z out '*READY*'
${CASES.map(([typed]) => `zpty -w -n z $'${typed}\\x07'\nzpty -w -n z $'\\x02echo DO""NE\\n'; zpty -r z out '*DONE*'; print -r -- "$out"; echo ---`).join('\n')}
zpty -d z
`
    const { cwd, path } = place()
    writeFileSync(path('completion.zsh'), scripts.zsh as string)
    const { status, stdout } = spawnSync('zsh', ['-f', '-c', driver], {
      cwd,
      encoding: 'utf8',
      timeout: 120_000,
      env: { ...process.env, PATH: `${path('bin')}:${process.env.PATH}`, HOME: cwd, TERM: 'xterm' },
    })
    expect(status).toBe(0)
    const found = stdout.split('---\n')
    for (const [i, [typed, offered]] of CASES.entries())
      for (const word of offered)
        expect({ typed, shown: found[i] }).toEqual({ typed, shown: expect.stringContaining(word) })
  })
})
