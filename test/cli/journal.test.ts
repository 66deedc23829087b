/** `journal` and `replay` over what a live tuner wrote. */
import { appendFileSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folder, until } from '../support/folder.js'
import { cacheTuner, window } from '../support/tuners.js'
import { fails, homeostat, jsonLines, lines, start, well } from './support/cli.js'
import { toldStudy } from './support/studies.js'

const FILE = 'catalog-1.jsonl'

/** A folder with the journal of one run of a tuner. */
async function recorded(windows = 60): Promise<string> {
  const cwd = folder()
  const { tuner, clock } = await cacheTuner({ journal: join(cwd, 'journal') })
  for (let i = 0; i < windows; i++) window(tuner, clock, i % 7 === 0 ? 0.6 : 0.2)
  tuner.freeze('ttl')
  window(tuner, clock)
  await tuner.close()
  return cwd
}

interface Entry {
  readonly event: string
  readonly generation: number
}

describe('journal', () => {
  it('verify, show, tail and stats read a folder or a file, plainly and as JSON', async () => {
    const cwd = await recorded()
    const text = readFileSync(join(cwd, 'journal', FILE), 'utf8')
    const all = lines(text)
    expect(await well(['journal', 'verify', 'journal'], { cwd })).toBe(`ok  catalog: ${all.length} entries in 1 run\n`)
    expect(JSON.parse(await well(['journal', 'verify', `journal/${FILE}`, '--json'], { cwd }))).toMatchObject({
      ok: true,
      entries: all.length,
      runs: 1,
    })
    expect(await well(['journal', 'show', 'journal', '--json'], { cwd })).toBe(text)
    expect(lines(await well(['journal', 'show', 'journal'], { cwd }))).toHaveLength(all.length)
    const windows = jsonLines<Entry>(
      await well(['journal', 'show', 'journal', '--event', 'window,freeze', '-n', '5', '--json'], { cwd }),
    )
    expect(windows.map(({ event }) => event)).toEqual(Array.from({ length: 5 }, () => 'window'))
    expect(lines(await well(['journal', 'tail', 'journal', '-n', '3', '--json'], { cwd }))).toEqual(all.slice(-3))
    const none = await homeostat(['journal', 'show', 'journal', '--event', 'nosuch'], { cwd })
    expect(none).toMatchObject({ status: 0, out: '', err: 'no entry matches\n' })
    const stats = JSON.parse(await well(['journal', 'stats', 'journal', '--json'], { cwd }))
    expect(stats).toMatchObject({ entries: all.length, bytes: text.length, runs: 1, dropped: 0 })
    expect(stats.events.window).toBe(jsonLines<Entry>(text).filter(({ event }) => event === 'window').length)
    expect(await well(['journal', 'stats', 'journal'], { cwd })).toMatch(/entries +\d+ \(.*\n[\s\S]*window +\d+ +\d+/)
  })

  it('verify finds the line that was edited or is gone, with status 4', async () => {
    const cwd = await recorded(20)
    const path = join(cwd, 'journal', FILE)
    const all = lines(readFileSync(path, 'utf8'))
    for (const [edited, line] of [
      [all.with(9, (all[9] as string).replace(/"time_us":\d/, '"time_us":9')), 10],
      [all.toSpliced(4, 1), 5],
    ] as const) {
      writeFileSync(path, `${edited.join('\n')}\n`)
      const { status, out } = await homeostat(['journal', 'verify', 'journal', '--json'], { cwd })
      expect({ status, found: JSON.parse(out) }).toMatchObject({ status: 4, found: { ok: false, first_bad: { line } } })
      expect((await homeostat(['journal', 'verify', path], { cwd })).out).toContain(`line ${line}: `)
      expect((await homeostat(['replay', 'journal'], { cwd })).status).toBe(4)
    }
  })

  it('tail --follow prints what comes, until it is ended', async () => {
    const cwd = await recorded(5)
    const path = join(cwd, 'journal', FILE)
    const all = lines(readFileSync(path, 'utf8'))
    writeFileSync(path, `${all.slice(0, 3).join('\n')}\n`)
    const child = start(['journal', 'tail', 'journal', '--follow', '--json'], { cwd })
    let out = ''
    child.stdout?.on('data', (text) => {
      out += String(text)
    })
    await until(() => lines(out).length === 3)
    appendFileSync(path, `${all[3]}\n${all[4]?.slice(0, 20)}`)
    await until(() => lines(out).length === 4)
    appendFileSync(path, `${all[4]?.slice(20)}\n`)
    await until(() => lines(out).length === 5)
    expect(lines(out)).toEqual(all.slice(0, 5))
    child.kill('SIGKILL')
  })

  it('asks which of several tuners is meant, and refuses what is no journal', async () => {
    const cwd = await recorded(3)
    copyFileSync(join(cwd, 'journal', FILE), join(cwd, 'journal', 'other-1.jsonl'))
    expect(await fails(['journal', 'show', 'journal'], { status: 2, code: 'HOMEOSTAT_USAGE' }, { cwd })).toContain(
      'catalog, other',
    )
    await well(['journal', 'show', 'journal', '--name', 'other'], { cwd })
    await fails(['journal', 'show', 'journal', '--name', 'third'], { status: 2, code: 'HOMEOSTAT_USAGE' }, { cwd })
    await fails(['journal', 'show', 'nosuch'], { status: 1, code: 'HOMEOSTAT_FILE' }, { cwd })
    mkdirSync(join(cwd, 'empty'))
    await fails(['journal', 'verify', 'empty'], { status: 1, code: 'HOMEOSTAT_FILE' }, { cwd })
    const study = await toldStudy(1)
    expect(
      await fails(['journal', 'show', 's.jsonl'], { status: 4, code: 'HOMEOSTAT_JOURNAL_MALFORMED' }, study),
    ).toContain('study')
  })
})

describe('replay', () => {
  it('gets the same bytes on both cores', async () => {
    const cwd = await recorded()
    const found = jsonLines(await well(['replay', 'journal', '--core', 'both', '--json'], { cwd }))
    expect(found.map(({ core, ok }) => [core, ok])).toEqual([
      ['native', true],
      ['wasm', true],
    ])
    expect(await well(['replay', 'journal', '--core', 'wasm'], { cwd })).toMatch(
      /^same {2}catalog: \d+ entries decided again by the wasm core\n$/,
    )
  })
})
