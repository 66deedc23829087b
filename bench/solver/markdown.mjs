// Writes what was found into a document: each part replaces what stands between `<!-- part: NAME -->` and `<!-- end -->`.
import { readFileSync, writeFileSync } from 'node:fs'

const share = (value) => (typeof value === 'number' ? value.toFixed(3) : '-')
const line = (cells) => `| ${cells.join(' | ')} |`
const table = (head, rows) =>
  [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n')

function shares({ suite, dimension, instances, rows }) {
  const checkpoints = Object.keys(rows[0]?.score ?? {})
  const asked = Object.keys(rows[0]?.instances ?? {}).length
  const order = [...rows].sort((a, b) => best(b, checkpoints) - best(a, checkpoints))
  const cells = (row) => [
    row.contender.startsWith('homeostat') ? `**${row.contender}**` : row.contender,
    ...checkpoints.map((at) => {
      const few = row.whole[at] > 0 && row.whole[at] < asked
      return share(row.score[at]) + (few ? ` (${row.whole[at]})` : '')
    }),
    row.ms_per_evaluation?.toFixed(2) ?? '-',
  ]
  const title = `### ${suite === 'noisy' ? 'Noisy BBOB f101-f130' : 'BBOB f1-f24'}, ${dimension}-D, instances ${instances}`
  return `${title}\n\n${table(['share of 51 targets', ...checkpoints, 'ms/evaluation'], order.map(cells))}`
}

/** The share at the last checkpoint that there is one for. */
function best(row, checkpoints) {
  return row.score[checkpoints.findLast((at) => typeof row.score[at] === 'number')] ?? 0
}

function mixed(rows) {
  const names = Object.keys(rows[0]).filter((key) => !['group', 'problems', 'evaluations'].includes(key))
  const cells = (row) => [
    `${row.group}, ${row.problems} problems, ${row.evaluations} evaluations`,
    ...names.map((name) => row[name].toFixed(2)),
  ]
  return table(['mean rank', ...names], rows.map(cells))
}

function overhead({ own, peers }) {
  const marks = ['100', '1000', '10000']
  const us = (value) => (value === undefined ? '-' : value.toFixed(value < 100 ? 1 : 0))
  const name = (row) =>
    row.strategy
      ? `${row.layer}: ${row.dimensions}-D ${row.strategy}, ${row.objective}`
      : `${row.layer}: ${row.dimensions}-D`
  const rows = [...own, ...peers].map((row) => [
    name(row),
    row.trials ?? '',
    ...[...marks.map((mark) => row.marks_us[mark]), row.mean_us].map(us),
  ])
  return table(['microseconds', 'trials', 'at 100', 'at 1,000', 'at 10,000', 'mean'], rows)
}

function classifier({ samples }) {
  const rows = samples.map((s) => [
    s.points,
    ...[s.all, s.structured, s.chaotic, s.confidence, s.calibration_error].map(share),
  ])
  return table(['points', 'right', 'structured', 'chaotic', 'confidence', 'apart'], rows)
}

function interactive({ results }) {
  const rows = results.map((r) => [
    r.name,
    r.us_per_trip.toFixed(1),
    r.ratio_to_echo.toFixed(2),
    r.sent,
    r.received,
    (r.grown_bytes / 1e6).toFixed(1),
  ])
  return table(['process', 'µs a round trip', 'times echo', 'lines in', 'lines out', 'MB grown'], rows)
}

const PARTS = {
  bbob: (tables) => tables.map(shares).join('\n\n'),
  noisy: (tables) => tables.map(shares).join('\n\n'),
  mixed,
  overhead,
  classifier,
  interactive,
}

/** @param judged verdicts by part */
export function writeMarkdown(file, results, judged) {
  let text = readFileSync(file, 'utf8')
  for (const [part, render] of Object.entries(PARTS)) {
    if (!results[part]) continue
    const verdicts = judged[part].map((v) => [v.verdict, v.what, v.found, v.wanted])
    const body = `${render(results[part])}\n\n${table(['verdict', 'what', 'found', 'wanted'], verdicts)}`
    const place = new RegExp(`(<!-- part: ${part} -->\n)[^]*?(<!-- end -->)`)
    if (!place.test(text)) throw new Error(`${file} has no place for ${part}`)
    text = text.replace(place, (_, begin, end) => `${begin}\n${body}\n\n${end}`)
  }
  writeFileSync(file, text)
}
