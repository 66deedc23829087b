/** What goes out of a study and comes into it: validate, export, import, plot. */
import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fails, homeostat, jsonLines, lines, well } from './support/cli.js'
import { SMALL, toldStudy, workplace } from './support/studies.js'

interface Trial {
  readonly trial: number
  readonly state: string
  readonly params: Readonly<Record<string, unknown>>
  readonly value?: number
}

const trials = async (cwd: string): Promise<Trial[]> =>
  JSON.parse(await well(['export', 's.jsonl', '--format', 'json'], { cwd })) as Trial[]

describe('validate', () => {
  it('shows a configuration with its defaults, and what it shows is the same configuration', async () => {
    const { cwd, path } = workplace({
      budget: 9,
      bounds: {
        t: { kind: 'duration', min: '10ms', max: '2s', scale: 'log' },
        n: { min: 0, max: 1 },
        b: { kind: 'boolean' },
      },
    })
    const plain = await well(['validate', 'c.json'], { cwd })
    expect(plain).toMatch(/^valid {2}a configuration of 3 knobs\n {2}t +10 to 2000 ms {2}\(duration, log\)\n/)
    const full = await well(['validate', 'c.json', '--json'], { cwd })
    expect(JSON.parse(full)).toMatchObject({ seed: 0, budget: 9, bounds: { n: { kind: 'number', scale: 'linear' } } })
    writeFileSync(path('c.json'), full)
    expect(await well(['validate', 'c.json', '--json'], { cwd })).toBe(full)
    expect(await well(['validate', '-', '--json'], { cwd, input: full })).toBe(full)
  })

  it('reads a study whole', async () => {
    const { cwd } = await toldStudy(4)
    expect(await well(['validate', 's.jsonl'], { cwd })).toContain('valid  a study, 4 trials: 4 complete')
    expect(JSON.parse(await well(['validate', 's.jsonl', '--json'], { cwd }))).toMatchObject({
      ok: true,
      dropped: 0,
      trials: { total: 4 },
    })
  })
})

describe('export', () => {
  it('writes every form, to a file too, and only the states that are wanted', async () => {
    const { cwd, path } = await toldStudy(3)
    await well(['ask', 's.jsonl'], { cwd })
    const csv = lines(await well(['export', 's.jsonl'], { cwd }))
    expect(csv[0]).toBe('trial,state,value,margin,reason,x,y')
    expect(csv[1]).toMatch(/^0,complete,3,,,[\d.]+,[\d.]+$/)
    expect(csv[4]).toMatch(/^3,open,,,,/)
    expect(lines(await well(['export', 's.jsonl', '--format', 'optuna'], { cwd }))[0]).toBe(
      'number,value,params_x,params_y,state',
    )
    expect(
      jsonLines<Trial>(await well(['export', 's.jsonl', '--format', 'jsonl', '--state', 'open'], { cwd })),
    ).toHaveLength(1)
    expect(await well(['export', 's.jsonl', '--out', 'all.json'], { cwd })).toBe('')
    expect(JSON.parse(readFileSync(path('all.json'), 'utf8'))).toHaveLength(4)
    await fails(['export', 's.jsonl', '--state', 'done'], { status: 2, code: 'HOMEOSTAT_USAGE' }, { cwd })
    await fails(['export', 's.jsonl', '--out', 'no/folder/x.csv'], { status: 1, code: 'HOMEOSTAT_FILE' }, { cwd })
  })
})

describe('import', () => {
  it('takes back what export wrote, in every form', async () => {
    const from = await toldStudy(5)
    await well(['ask', 's.jsonl', '--batch', '2'], from)
    await well(['tell', 's.jsonl', '5', '--failed', 'it, said "no"\nand left'], from)
    const content = (all: readonly Trial[]) => all.map(({ params, state, value }) => ({ params, state, value }))
    const sent = content(await trials(from.cwd))
    for (const format of ['csv', 'json', 'jsonl', 'optuna']) {
      const text = await well(['export', 's.jsonl', '--format', format], from)
      const to = workplace()
      writeFileSync(to.path('sent'), text)
      const said = await well(['import', 's.jsonl', 'sent', '-c', 'c.json', '--json'], to)
      expect(JSON.parse(said)).toEqual({ imported: 6, skipped: 0, open: 1, replaced: 0 })
      expect({ format, got: content(await trials(to.cwd)) }).toEqual({ format, got: sent.slice(0, 6) })
    }
  })

  it('takes tables of other programs: with CRLF, quotes, and columns that it does not know', async () => {
    const { cwd } = workplace({
      bounds: {
        n: { kind: 'integer', min: 1, max: 9 },
        'how, then': { kind: 'choice', choices: ['a b', 'c"d'] },
        on: { kind: 'boolean' },
      },
    })
    const table = '\uFEFFwhen,n,"how, then",on,value\r\n"1,5",3,a b,True,0.5\r\n2,4,"c""d",0,nan\r\n3,5,a b,false,\r\n'
    const { out, err } = await homeostat(['import', 's.jsonl', '-', '-c', 'c.json', '--json'], { cwd, input: table })
    expect(JSON.parse(out)).toEqual({ imported: 2, skipped: 0, open: 1, replaced: 1 })
    expect(err).toContain('not finite')
    expect((await trials(cwd)).map(({ params }) => params)).toEqual([
      { n: 3, 'how, then': 'a b', on: true },
      { n: 4, 'how, then': 'c"d', on: false },
    ])
  })

  it('is all or nothing, unless invalid rows are to be left out', async () => {
    const { cwd, path } = workplace(SMALL)
    await well(['ask', 's.jsonl', '-c', 'c.json'], { cwd })
    const before = readFileSync(path('s.jsonl'))
    const wrong = (table: string) => {
      writeFileSync(path('table'), table)
      return fails(['import', 's.jsonl', 'table'], { status: 2, code: 'HOMEOSTAT_INVALID_IMPORT' }, { cwd })
    }
    expect(await wrong('n,c,value\n1,a,0.5\n7,a,0.5\n')).toContain('row 2')
    expect(await wrong('n,c,value\n1,a,0.5\n2,z,0.5\n')).toContain('row 2')
    expect(await wrong('n,value\n1,0.5\n')).toContain('knob c')
    expect(await wrong('n,c,value\n1,a,low\n')).toContain('"low"')
    expect(await wrong('n,c,value\n1,a\n')).toContain('2 cells')
    expect(await wrong('n,c,value\n1,"a,0.5\n')).toContain('quote')
    expect(await wrong('{"trials":3}')).toContain('list')
    expect(readFileSync(path('s.jsonl'))).toEqual(before)
    const mixed = 'n,c,value\n1,a,0.5\n7,a,0.5\n2,b,0.1\n'
    expect(
      JSON.parse(await well(['import', 's.jsonl', '-', '--skip-invalid', '--json'], { cwd, input: mixed })),
    ).toEqual({ imported: 2, skipped: 1, open: 0, replaced: 0 })
    expect(JSON.parse(await well(['import', 's.jsonl', '-', '--json'], { cwd, input: '' }))).toMatchObject({
      imported: 0,
    })
  })
})

describe('plot', () => {
  it('writes a page that stands alone, or one picture', async () => {
    const { cwd, path } = await toldStudy(12)
    expect(await well(['plot', 's.jsonl', '--out', 'a page.html'], { cwd })).toBe('')
    const page = readFileSync(path('a page.html'), 'utf8')
    expect(page.match(/<svg/g)?.length).toBeGreaterThanOrEqual(4)
    expect(page).not.toMatch(/(src|href)="https?:/)
    expect(
      JSON.parse(await well(['plot', 's.jsonl', '--out', 's.svg', '--only', 'slices', '--json'], { cwd })),
    ).toEqual({ written: 's.svg' })
    expect(readFileSync(path('s.svg'), 'utf8')).toMatch(/^<svg[\s\S]*<\/svg>\s*$/)
    expect(JSON.parse(await well(['plot', 's.jsonl', '--json'], { cwd }))).toEqual({ written: 's.html' })
    expect(readFileSync(path('s.html'), 'utf8')).toContain('<svg')
    await fails(['plot', 's.jsonl', '--out', 'x.png'], { status: 2, code: 'HOMEOSTAT_USAGE' }, { cwd })
    await fails(
      ['plot', 's.jsonl', '--out', 'x.svg', '--only', 'history,slices'],
      { status: 2, code: 'HOMEOSTAT_USAGE' },
      { cwd },
    )
    await fails(['plot', 's.jsonl', '--out', 'x.svg', '--only', 'pie'], { status: 2, code: 'HOMEOSTAT_USAGE' }, { cwd })
  })

  it('draws a study without any result too', async () => {
    const { cwd } = workplace()
    await well(['ask', 's.jsonl', '-c', 'c.json'], { cwd })
    await well(['plot', 's.jsonl', '--out', 's.html'], { cwd })
  })
})
