/** Looks, once: the page uses the colours as variables, a file of its own has them put in, since not every viewer knows variables. */
import type { PlotTheme } from './data.js'

type Colours = Readonly<Record<string, string>>

/** `o0` to `o5` run from early to late and from worst to best: one lightness ramp, so that it reads without seeing hues. */
const LIGHT: Colours = {
  page: '#fbfaf7', card: '#ffffff', ink: '#1d2329', soft: '#5c6670', line: '#e3e1da', frame: '#c3c6c4', band: '#f1efe8',
  dot: '#6b8fa6', run: '#0b7285', best: '#c2410c', bad: '#b3261e', warn: '#9a6700', held: '#75569b',
  o0: '#9fcbc4', o1: '#70b1b5', o2: '#4a94a9', o3: '#347598', o4: '#31558a', o5: '#322f6d',
} // biome-ignore format: a table

const DARK: Colours = {
  page: '#14181c', card: '#1b2126', ink: '#e6e9ec', soft: '#9aa5af', line: '#2c343b', frame: '#4a545d', band: '#20272d',
  dot: '#7fa3ba', run: '#5cc8dc', best: '#ffa24d', bad: '#ff8a80', warn: '#e3b341', held: '#c3a6ea',
  o0: '#46568f', o1: '#40749f', o2: '#4892ae', o3: '#62b0b8', o4: '#8bccc2', o5: '#c8ecd8',
} // biome-ignore format: a table

const declared = (colours: Colours): string =>
  Object.entries(colours)
    .map(([name, value]) => `--${name}:${value}`)
    .join(';')

const MARKS = `
text{font:12px system-ui,-apple-system,Segoe UI,Roboto,sans-serif;font-variant-numeric:tabular-nums;fill:var(--soft)}
.heading{font-size:18px;font-weight:600;fill:var(--ink)}
.name{font-weight:600;fill:var(--ink)}
.ink{fill:var(--ink)}
.tick{paint-order:stroke;stroke:var(--card);stroke-width:3px;stroke-linejoin:round}
.side{font-weight:400;fill:var(--soft)}
.message{font-size:15px;fill:var(--ink)}
.page{fill:var(--card)}
.plot{fill:none;stroke:var(--frame)}
.grid{stroke:var(--line)}
.wrap{stroke:var(--soft);stroke-dasharray:2 3}
.bar{fill:var(--run)}
.track{fill:var(--band)}
.dots{fill:none;stroke-width:5.5;stroke-linecap:round}
.signs{fill:none;stroke-width:1.5;stroke-linejoin:round}
.line{fill:none;stroke-width:1.2;stroke-opacity:.6}
.run{fill:none;stroke:var(--run);stroke-width:2;stroke-linejoin:round}
.complete{stroke:var(--dot)}
.added{stroke:var(--dot)}
.infeasible{stroke:var(--warn)}
.pruned{stroke:var(--held)}
.failed{stroke:var(--bad)}
.ring{fill:none;stroke:var(--best);stroke-width:2.5}
.line.ring{stroke-width:2.5;stroke-opacity:1}
${[0, 1, 2, 3, 4, 5].map((i) => `.o${i}{stroke:var(--o${i})}.k${i}{fill:var(--o${i})}`).join('')}
`

/** A sheet with one set of colours put in. */
const put = (sheet: string, colours: Colours): string =>
  sheet.replace(/var\(--(\w+)\)/g, (_, name: string) => colours[name] as string).replace(/\n/g, '')

/** Only what depends on colours, for the other of two sets. */
const recoloured = (colours: Colours): string =>
  put(
    (MARKS.match(/[^{}\n]+\{[^}]*\}/g) ?? [])
      .filter((rule) => rule.includes('var('))
      .map((rule) => {
        const [selector, body] = rule.slice(0, -1).split('{') as [string, string]
        return `${selector}{${body
          .split(';')
          .filter((part) => part.includes('var('))
          .join(';')}}`
      })
      .join(''),
    colours,
  )

/** Style of a picture that is a file of its own. */
export function fileStyle(theme: PlotTheme): string {
  if (theme !== 'auto') return put(MARKS, theme === 'dark' ? DARK : LIGHT)
  return `${put(MARKS, LIGHT)}@media (prefers-color-scheme:dark){${recoloured(DARK)}}`
}

/** Colours and marks of the page; `theme` is an attribute of its root. */
export const PAGE_COLOURS = `
:root{color-scheme:light dark;${declared(LIGHT)}}
@media (prefers-color-scheme:dark){:root:not([data-theme=light]){${declared(DARK)}}}
:root[data-theme=dark]{color-scheme:dark;${declared(DARK)}}
:root[data-theme=light]{color-scheme:light}
${MARKS.replace(/^(?=[.a-z])/gm, 'svg ')}`
