/** `homeostat tui` as it is used: on a terminal, in a pipe, with a server that goes and comes back, on journals and stores. */

import { EventEmitter } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, describe, expect, it } from 'vitest'
import { Screen } from '../../ts/cli/tui/screen.js'
import { server } from '../../ts/entries/server/node.js'
import { openSqlite } from '../../ts/storage/node/index.js'
import { alone, closeAll } from '../server/support/mounted.js'
import { plant, TOKENS, tokens } from '../server/support/plant.js'
import { folder, until } from '../support/folder.js'
import { cacheTuner, window } from '../support/tuners.js'
import { fails, homeostat, jsonLines, well } from './support/cli.js'
import { grid, hasTerminals, onTerminal } from './support/terminal.js'

const LEFT = '\u001b[?1049l'
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours
const plain = (text: string): string => text.replace(/\u001b\[[\d;]*m/g, '')
const url = (port: number): string => `http://127.0.0.1:${port}/`

afterEach(closeAll)

describe.skipIf(!hasTerminals)('on a terminal', () => {
  it('it shows a server, obeys keys, says when the server goes, comes back, and leaves the terminal as it was', async () => {
    const made = await plant(40)
    const first = await alone(made.options)
    const terminal = onTerminal(100, ['tui', url(first.port)])
    const shows = (text: string | RegExp) =>
      until(() => {
        const all = grid(terminal.shown(), 100).join('\n')
        return typeof text === 'string' ? all.includes(text) : text.test(all)
      })
    /** Once, at any time: it is gone after some seconds. */
    const told = (text: string) => until(() => plain(terminal.shown()).includes(text))
    await shows('● live')
    await shows('concurrency')
    await shows('mail 1 waiting')

    // What is asked for is asked again first.
    terminal.type('f')
    await shows('Freeze ttl at')
    expect((await made.tuner.explain()).knobs.some(({ frozen }) => frozen)).toBe(false)
    terminal.type('n')
    await told('nothing was done')
    terminal.type('jf')
    await shows('Freeze concurrency at')
    terminal.type('y')
    await told('concurrency is frozen')
    expect((await made.tuner.explain()).knobs.map(({ frozen }) => frozen)).toEqual([false, true])
    made.tuner.enterSafeMode()
    await shows('SafeMode since')
    terminal.type('s')
    await shows('Leave SafeMode of catalog?')
    terminal.type('y')
    await told('SafeMode was left')
    expect((await made.tuner.explain()).safe_mode).toBe(null)
    terminal.type('r')
    await shows('Roll catalog back')
    terminal.type('y')
    await told('catalog was rolled back')
    expect(await operations(first.port)).toEqual(['freeze', 'leave-safe-mode', 'rollback'])
    terminal.type('2')
    await shows(/▸ ?2 Changes/)

    await first.close()
    await shows('○ lost')
    await shows('trying again')
    const again = await server(made.options)
    await again.listen({ port: first.port })
    try {
      await shows('● live')
      terminal.type('q')
      const { status, out } = await terminal.result
      expect(status).toBe(0)
      expect(out.endsWith(LEFT)).toBe(true)
      expect(out).toContain('\u001b[?25h')
    } finally {
      await again.close()
    }
  })

  it('Ctrl-C ends it like q; without UTF-8 and colour it is ASCII and says the same', async () => {
    const { options } = await plant(5)
    const { port } = await alone(options)
    const terminal = onTerminal(80, ['tui', url(port)], { env: { NO_COLOR: '1', LC_ALL: 'C' } })
    await until(() => grid(terminal.shown(), 80).join('\n').includes('* live'))
    terminal.type('\u0003')
    const { status, out } = await terminal.result
    expect(status).toBe(0)
    expect(out.endsWith(LEFT)).toBe(true)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours
    expect(out).not.toMatch(/\u001b\[[1-9][\d;]*m/)
    expect([...out].filter((char) => char.charCodeAt(0) > 127)).toEqual([])
  })

  it('who is not let in gets an error and the terminal back', async () => {
    const { options } = await plant(1)
    const { port } = await alone({ ...options, tokens })
    const { status, out } = await onTerminal(80, ['tui', url(port)]).result
    expect(status).toBe(1)
    expect(out).toContain('HOMEOSTAT_SERVER_REFUSED')
    expect(out.indexOf(LEFT)).toBeGreaterThan(0)
    expect(out.indexOf(LEFT)).toBeLessThan(out.indexOf('HOMEOSTAT_SERVER_REFUSED'))
  })
})

async function operations(port: number): Promise<string[]> {
  const answer = await fetch(`${url(port)}api/v1/operations`)
  const { operations } = (await answer.json()) as { operations: { command: { command: string } }[] }
  return operations.map(({ command }) => command.command).reverse()
}

describe('without a terminal', () => {
  it('it prints one plain picture and ends well', async () => {
    const { options, pass } = await plant(1)
    const { port } = await alone(options)
    pass(30)
    const { status, out, err } = await homeostat(['tui', url(port)])
    expect({ status, err }).toEqual({ status: 0, err: '' })
    expect(out).not.toContain('\u001b')
    for (const text of ['catalog', 'objective', 'ttl', 'breakers', 'database', 'queues', 'certified'])
      expect(out).toContain(text)
    const [json] = jsonLines<{ health: string; state: { tuners: { name: string }[] }; changes: unknown[] }>(
      await well(['tui', url(port), '--json']),
    )
    expect(json?.state.tuners.map(({ name }) => name)).toEqual(['catalog'])
    expect(json?.changes.length).toBeGreaterThan(0)
    await fails(['tui', url(port), '--tuner', 'nobody'], { status: 1, code: 'HOMEOSTAT_SERVER_REFUSED' })
  })

  it('a token comes from a file or the environment, never from the address', async () => {
    const { options } = await plant(1)
    const { port } = await alone({ ...options, tokens })
    const file = join(folder(), 'token')
    writeFileSync(file, `${TOKENS.reader}\n`)
    expect(await well(['tui', url(port), '--token-file', file])).toContain('may only look')
    expect(await well(['tui', url(port)], { env: { HOMEOSTAT_TOKEN: TOKENS.operator } })).toContain('catalog')
    await fails(['tui', url(port)], { status: 1, code: 'HOMEOSTAT_SERVER_REFUSED' })
    await fails(['tui', `http://me:${TOKENS.reader}@127.0.0.1:${port}/`], { status: 2, code: 'HOMEOSTAT_USAGE' })
    writeFileSync(file, 'short')
    await fails(['tui', url(port), '--token-file', file], { status: 2, code: 'HOMEOSTAT_USAGE' })
  })

  it('a server that is not there is an error', async () => {
    const { options } = await plant(1)
    const at = await alone(options)
    await at.close()
    await fails(['tui', url(at.port), '--once'], { status: 1, code: 'HOMEOSTAT_SERVER_UNREACHABLE' })
  })

  it('journals of a folder and of a store are shown without a server', async () => {
    const path = folder()
    const store = await openSqlite(join(path, 'store.db'))
    for (const where of [{ journal: path }, { storage: store }]) {
      const { tuner, clock } = await cacheTuner(where)
      for (let i = 0; i < 20; i++) window(tuner, clock)
      await tuner.close()
    }
    await store.close()
    for (const target of [path, `sqlite:${join(path, 'store.db')}`]) {
      const out = await well(['tui', target])
      for (const text of ['catalog', 'ended', '20 of 20 windows', 'concurrency']) expect(out).toContain(text)
    }
    await fails(['tui', `sqlite:${join(path, 'store.db')}`, '--name', 'nobody'], { status: 2, code: 'HOMEOSTAT_USAGE' })
  })
})

describe('a screen', () => {
  class Fake extends EventEmitter {
    columns = 20
    rows = 4
    text = ''
    raw: boolean[] = []
    write = (text: string) => {
      this.text += text
    }
    setRawMode = (raw: boolean) => void this.raw.push(raw)
    resume = () => {}
    pause = () => {}
    taken(): string {
      const text = this.text
      this.text = ''
      return text
    }
  }

  it('writes what changed and nothing else, each frame in one piece', () => {
    const fake = new Fake()
    let drawn = 0
    const screen = new Screen(fake as never, fake as never, { typed: () => {}, changed: () => drawn++ })
    screen.open()
    expect(fake.taken()).toContain('\u001b[?1049h')
    screen.draw(['one', 'two', 'three', 'four'])
    const first = fake.taken()
    expect(first).toMatch(/one.*two.*three.*four/s)
    expect([first.startsWith('\u001b[?2026h'), first.endsWith('\u001b[?2026l')]).toEqual([true, true])
    screen.draw(['one', 'TWO', 'three', 'four'])
    const second = fake.taken()
    expect(second).toContain('\u001b[2;1HTWO')
    expect(second).not.toMatch(/one|three|four|2J/)
    screen.draw(['one', 'TWO', 'three', 'four'])
    expect(fake.taken()).toBe('')
    // After a resize nothing is taken for granted.
    fake.emit('resize')
    expect(drawn).toBe(1)
    screen.draw(['one', 'TWO', 'three', 'four'])
    expect(fake.taken()).toContain('\u001b[2J')
    screen.close()
    expect(fake.taken().endsWith(LEFT)).toBe(true)
    expect(fake.raw).toEqual([true, false])
    screen.draw(['after'])
    expect(fake.taken()).toBe('')
  })

  it('gives the terminal back however the process ends', () => {
    const fake = new Fake()
    const before = process.listeners('exit')
    const screen = new Screen(fake as never, fake as never, { typed: () => {}, changed: () => {} })
    screen.open()
    const added = process.listeners('exit').filter((one) => !before.includes(one))
    expect(added).toHaveLength(1)
    screen.close()
    expect(process.listeners('exit')).toEqual(before)
    expect(process.listenerCount('SIGCONT')).toBe(0)
  })
})
