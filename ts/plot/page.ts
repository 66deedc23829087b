/** The page: a summary, the pictures, the trials. It loads nothing, and without scripts it still shows everything but the table's later pages. */
import type { PlotName, PlotTheme } from './data.js'
import { tally } from './frame.js'
import { PAGE_STYLE } from './page-style.js'
import type { Pictures } from './pictures.js'
import { drawnIn, pageData, rowsOf } from './rows.js'
import { SCRIPT } from './script/index.js'
import { cspHash } from './sha256.js'
import type { Study } from './study.js'
import { failures, figures, incumbent } from './summary.js'
import { type Drawing, inline } from './svg.js'
import { table } from './table.js'
import { escaped, plural, printable } from './text.js'

/** Widths that a picture is drawn for; the page shows the one that suits its room. */
const WIDTHS = [
  ['narrow', 340],
  ['middle', 520],
  ['wide', 800],
  ['widest', 1180],
] as const

export interface PageOptions {
  readonly title: string
  readonly only: readonly PlotName[]
  readonly theme: PlotTheme
}

export function page(study: Study, pictures: Pictures, { title, only, theme }: PageOptions): string {
  const parts: Readonly<Record<PlotName, () => string>> = {
    history: () =>
      section(
        'history',
        'History',
        fitting((width) => pictures.draw('history', width)),
      ),
    importance: () =>
      section(
        'importance',
        'Knob importance',
        fitting((width) => pictures.draw('importance', width)),
      ),
    slices: () => section('slices', 'Slices', slices(pictures)),
    parallel: () => section('parallel', 'Parallel coordinates', parallel(study, pictures)),
  }
  const drawn = new Map(only.map((name) => [name, parts[name]()]))
  const rows = rowsOf(study, drawnIn([...drawn.values()]))
  const data = JSON.stringify(pageData(study, rows)).replace(/</g, '\\u003c')
  const of = (name: PlotName) => drawn.get(name) ?? ''
  const goal = study.direction === 'minimize' ? 'lower is better' : 'higher is better'
  return `<!doctype html>
<html lang="en"${theme === 'auto' ? '' : ` data-theme="${theme}"`}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; style-src '${cspHash(PAGE_STYLE)}'; script-src '${cspHash(SCRIPT)}'">
<title>${escaped(title)}</title>
<link rel="icon" href="data:,">
<style>${PAGE_STYLE}</style>
</head>
<body>
<header>
<h1>${escaped(title)}</h1>
<p>${plural(study.points.length, 'trial')}, ${plural(study.knobs.length, 'knob')} · ${goal}</p>
</header>
<main>
<section class="figures" aria-label="In figures">${figures(study)}</section>
${of('history')}
<div class="pair">
${incumbent(study)}
${of('importance')}
</div>
${of('slices')}
${of('parallel')}
${failures(study)}
${table(study, rows)}
</main>
<footer><p>${escaped(tally(study))} · drawn by Homeostat</p></footer>
<div id="tip" hidden></div>
<p id="say" class="unseen" role="status"></p>
<script type="application/json" id="study">${data}</script>
<script>${SCRIPT}</script>
</body>
</html>
`
}

function section(id: string, heading: string, content: string): string {
  return `<section id="${id}" aria-labelledby="${id}-heading"><h2 id="${id}-heading">${heading}</h2>${content}</section>`
}

/** The same picture for several widths, each drawing once; what is wider than asked for keeps its size and is scrolled. */
function drawings(draw: (width: number) => Drawing): string {
  const list: { classes: string; drawing: Drawing }[] = []
  for (const [name, width] of WIDTHS) {
    const drawing = draw(width)
    const same = list.find(({ drawing: known }) => known.width === drawing.width && known.body === drawing.body)
    if (same) same.classes += ` ${name}`
    else list.push({ classes: drawing.width > width ? `natural ${name}` : name, drawing })
  }
  return list.map(({ classes, drawing }) => inline(drawing, classes)).join('')
}

const fitting = (draw: (width: number) => Drawing): string => `<figure class="fit">${drawings(draw)}</figure>`

function slices(pictures: Pictures): string {
  const { panels, key } = pictures.slices
  if (panels.length === 0) return fitting((width) => pictures.draw('slices', width))
  const grid = panels.map(({ drawing }) => inline(drawing, 'panel')).join('')
  return `${fitting(key)}<div class="panels">${grid}</div>`
}

function parallel(study: Study, pictures: Pictures): string {
  const help =
    '<p class="help">Drag along an axis to pick trials, click it to let go. On the keyboard: ← → choose an axis, ↑ ↓ move the upper end, with Shift the lower end, Delete lets go of an axis, Escape of all.</p>'
  const shown =
    study.complete.length > 0
      ? `${help}<p class="picked" hidden><span></span> <button type="button">Show all</button></p>`
      : ''
  const svgs = drawings((width) => pictures.draw('parallel', width))
  return `${shown}<div class="fit scroll" tabindex="0" role="region" aria-label="Parallel coordinates, may be scrolled">${svgs}</div>`
}

export const titleOf = (title: string | undefined, name: string | undefined): string =>
  printable(title ?? name ?? '').trim() || 'Study'
