/** The files for operating hold to what the code gives: metrics of the table that exporters and the server share, flags that the command line knows. */
import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { Changes } from '../../ts/metrics/changes.js'
import { FAMILIES, PREFIX } from '../../ts/metrics/families.js'
import { Sources } from '../../ts/metrics/sources.js'
import { typeOf } from './support/promql.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8')

/** Label names by the name that a sample has. */
const EMITTED = new Map(
  [...FAMILIES, ...new Changes(new Sources({})).families].map(({ name, type, labels }) => [
    `${PREFIX}${name}${type === 'counter' ? '_total' : ''}`,
    labels,
  ]),
)

/** Metrics of an expression with the labels that it selects or groups by. */
function used(expression: string): { name: string; labels: string[] }[] {
  const grouped = [...expression.matchAll(/\b(?:by|without|on)\s*\(([^)]*)\)/g)].flatMap(([, names = '']) =>
    names.split(',').map((name) => name.trim()),
  )
  return [...expression.matchAll(/\bhomeostat_[a-z0-9_]+(?:\{([^}]*)\})?/g)].map(([all, selected = '']) => ({
    name: all.replace(/\{.*/, ''),
    labels: [...[...selected.matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, label = '']) => label), ...grouped],
  }))
}

function hold(expression: string, shown: readonly string[] = []): void {
  const metrics = used(expression)
  expect(metrics.length, expression).toBeGreaterThan(0)
  for (const { name, labels } of metrics) {
    expect([...EMITTED.keys()], expression).toContain(name)
    for (const label of [...labels, ...shown]) expect(EMITTED.get(name), `${label} in ${expression}`).toContain(label)
    const counted = /\b(?:rate|increase)\(/.test(expression)
    if (counted) expect(name, expression).toMatch(/_total$/)
  }
  // Prometheus refuses all rules of a file for one that it cannot read.
  expect(typeOf(expression), expression).toBe('instant')
}

test('a reader of expressions that does read them', () => {
  expect(used('60 * sum by (type) (rate(homeostat_a_total{tuner=~"$t",x!="y"}[5m])) > homeostat_b')).toEqual([
    { name: 'homeostat_a_total', labels: ['tuner', 'x', 'type'] },
    { name: 'homeostat_b', labels: ['type'] },
  ])
  expect(() => hold('homeostat_nothing > 0')).toThrow()
  expect(() => hold('homeostat_safe_mode{component="a"}')).toThrow()
  expect(() => hold('rate(homeostat_safe_mode[5m])')).toThrow()
  expect(() => hold('(homeostat_safe_mode')).toThrow()
})

test.each([
  ['1 + 2 * (3)', 'scalar'],
  ['a{b=~"x.*", c!="d)"}[5m]', 'range'],
  ['sum by (x) (rate(a_total[5m])) / sum(b) without (y) > 0.5 and c', 'instant'],
])('an expression and its type: %s', (expression, type) => {
  expect(typeOf(expression)).toBe(type)
})

test.each([
  'rate(a)',
  'sum(a[5m])',
  'a[5m] > 1',
  'a{b=c}',
  'a{b="c"',
  'a b',
  'a >',
  'sum by x (a)',
  'nothing(a)',
  'a[5 minutes]',
  '1 and a',
  'a === b',
  '',
])('what Prometheus would refuse is refused: %s', (expression) => {
  expect(() => typeOf(expression)).toThrow(SyntaxError)
})

/** What Grafana draws, and needs of each to do so. */
const PANELS = { timeseries: ['legend', 'tooltip'], stat: ['reduceOptions'], row: [] }

test('the dashboard is one that Grafana imports', () => {
  const board = JSON.parse(read('ops/grafana-dashboard.json'))
  expect(board).toMatchObject({ uid: 'homeostat', title: 'Homeostat', schemaVersion: 39 })
  // An import takes an id as that of a board which is there.
  expect(board.id ?? null).toBe(null)
  const source = { type: 'prometheus', uid: '${' + 'datasource}' }
  for (const { id, type, title, gridPos, datasource, fieldConfig, options, targets, panels } of board.panels) {
    expect(Object.keys(PANELS), title).toContain(type)
    expect([id, gridPos.x, gridPos.y, gridPos.w, gridPos.h].every(Number.isInteger), title).toBe(true)
    if (type === 'row') {
      expect(panels).toEqual([])
      continue
    }
    expect(datasource, title).toEqual(source)
    expect(fieldConfig.defaults.unit, title).toBeTypeOf('string')
    expect(fieldConfig.overrides, title).toBeInstanceOf(Array)
    expect(Object.keys(options), title).toEqual(expect.arrayContaining(PANELS[type as keyof typeof PANELS]))
    const refs = targets.map(({ refId }: { refId: string }) => refId)
    expect(new Set(refs).size, title).toBe(refs.length)
    for (const target of targets)
      expect(target, title).toMatchObject({ refId: expect.stringMatching(/^[A-Z]$/), datasource: source })
  }
  const names = board.templating.list.map(({ name }: { name: string }) => name)
  for (const [, name] of read('ops/grafana-dashboard.json').matchAll(/\$\{?([a-z]\w*)\}?/g))
    expect(names).toContain(name)
})

test('the dashboard asks for metrics that there are, and overlaps nowhere', () => {
  const { panels, annotations, templating } = JSON.parse(read('ops/grafana-dashboard.json'))
  const shown = panels.filter(({ type }: { type: string }) => type !== 'row')
  expect(shown.length).toBeGreaterThan(15)
  const cells = new Set<string>()
  for (const { gridPos, targets = [], title, type } of panels) {
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        expect(cells.has(`${x} ${y}`), title).toBe(false)
        cells.add(`${x} ${y}`)
      }
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24)
    if (type !== 'row') expect(targets.length, title).toBeGreaterThan(0)
    for (const { expr, legendFormat } of targets) {
      const labels = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]: string[]) => label as string)
      hold(expr, labels)
    }
  }
  for (const { expr } of annotations.list) hold(expr, ['tuner'])
  const [, metric = '', label = ''] = /^label_values\((\w+), (\w+)\)$/.exec(templating.list[1].query) ?? []
  expect(EMITTED.get(metric)).toContain(label)
  expect(new Set(panels.map(({ id }: { id: number }) => id)).size).toBe(panels.length)
})

/** The shape that the file keeps to; Prometheus’ own reader is asked too where there is one. */
const RULE =
  / {6}- alert: (\w+)\n {8}expr: (.+)\n(?: {8}for: (\d+[smh])\n)? {8}labels:\n {10}severity: (\w+)\n {8}annotations:\n {10}summary: (.+)\n/g

test('the alerts are well formed, ask for metrics that there are, and are explained', () => {
  const text = read('ops/alerts.yaml')
  const rules = [...text.matchAll(RULE)]
  const head = /^(?:#.*\n)+groups:\n {2}- name: homeostat\n {4}rules:\n/.exec(text)?.[0] ?? ''
  expect(`${head}${rules.map(([all]) => all).join('')}`).toBe(text)
  const explained = read('docs/operations.md')
  expect(rules.length).toBeGreaterThan(10)
  for (const [, name = '', expr = '', , severity, summary = ''] of rules) {
    const labels = [...summary.matchAll(/\$labels\.(\w+)/g)].map(([, label = '']) => label)
    hold(expr, labels)
    expect(['info', 'warning', 'critical']).toContain(severity)
    expect(explained).toContain(`\`${name}\``)
    // A colon and a blank would end a plain scalar.
    expect(summary).not.toMatch(/: | #/)
  }
  if (spawnSync('promtool', ['--version']).error === undefined)
    execFileSync('promtool', ['check', 'rules', `${root}ops/alerts.yaml`])
})

/** Flags of `homeostat serve`. */
const FLAGS = new Set(
  execFileSync(process.execPath, [`${root}dist/cli/homeostat.js`, 'serve', '--help'], { encoding: 'utf8' }).match(
    /--[a-z-]+/g,
  ),
)
const holdFlags = (words: readonly string[]) => {
  const flags = words.filter((word) => word.startsWith('--'))
  expect(flags.length).toBeGreaterThan(3)
  for (const flag of flags) expect([...FLAGS]).toContain(flag)
}

test('the unit is one, and starts a command with flags that it has', () => {
  const sections = new Map<string, Map<string, string>>()
  let section = new Map<string, string>()
  for (const line of read('ops/homeostat.service').split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const [, name] = /^\[(\w+)\]$/.exec(line) ?? []
    if (name !== undefined) {
      section = new Map()
      sections.set(name, section)
      continue
    }
    const [, key = '', value = ''] = /^([A-Z]\w+)=(.*)$/.exec(line) ?? expect.unreachable(line)
    expect(section.has(key), key).toBe(false)
    section.set(key, value)
  }
  expect([...sections.keys()]).toEqual(['Unit', 'Service', 'Install'])
  const started = sections.get('Service')?.get('ExecStart')?.split(' ') ?? []
  expect(started.slice(0, 3)).toEqual(['/usr/bin/env', 'homeostat', 'serve'])
  holdFlags(started)
  if (spawnSync('systemd-analyze', ['--version']).error === undefined)
    execFileSync('systemd-analyze', ['verify', `${root}ops/homeostat.service`], { stdio: 'pipe' })
})

test('the container file has instructions only, and the version of the package', () => {
  const KNOWN = 'FROM ENV RUN USER VOLUME EXPOSE STOPSIGNAL HEALTHCHECK ENTRYPOINT CMD'.split(' ')
  const lines = read('ops/Containerfile').replaceAll('\\\n', '').split('\n')
  const instructions = lines.filter((line) => line !== '' && !line.startsWith('#'))
  for (const line of instructions) expect(KNOWN).toContain(line.split(' ')[0])
  expect(instructions[0]).toMatch(/^FROM node:\d+-slim$/)
  const { version } = JSON.parse(read('package.json'))
  expect(instructions.join('\n')).toContain(`homeostat@${version} `)
  const of = (name: string) => instructions.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1) ?? ''
  expect(JSON.parse(of('ENTRYPOINT'))).toEqual(['homeostat', 'serve'])
  holdFlags(JSON.parse(of('CMD')))
  expect(JSON.parse(/CMD (\[.*\])$/.exec(of('HEALTHCHECK'))?.[1] ?? '')).toHaveLength(3)
})

test('every file is on the page', () => {
  for (const file of readdirSync(`${root}ops`)) expect(read('docs/operations.md')).toContain(`../ops/${file}`)
})
