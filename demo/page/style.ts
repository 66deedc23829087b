export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fbfaf7; --card: #fff; --ink: #1d2329; --soft: #66707a; --line: #e3e1da;
  --fixed: #a8641a; --tuned: #0b7285; --good: #2b7a3d; --bad: #b3261e; --band: #f1efe8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14181c; --card: #1b2126; --ink: #e6e9ec; --soft: #98a3ad; --line: #2c343b;
    --fixed: #e6a257; --tuned: #5cc8dc; --good: #7fce8f; --bad: #ff8a80; --band: #20272d;
  }
}
* { box-sizing: border-box }
body { margin: 0 auto; padding: 1.25rem clamp(.75rem, 3vw, 2rem) 3rem; max-width: 62rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; font-variant-numeric: tabular-nums }
header { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: 0 1rem; margin-bottom: 1rem }
h1 { font-size: 1.35rem; margin: 0; letter-spacing: -.01em }
h2 { font-size: .95rem; font-weight: 600; margin: 0 0 .5rem; display: flex; flex-wrap: wrap; gap: 0 .6rem; align-items: baseline }
h2 b { margin-left: auto }
header p { margin: 0; color: var(--soft) }
section { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .9rem clamp(.75rem, 2vw, 1.1rem); margin-bottom: .8rem }
.figures { display: grid; grid-template-columns: repeat(3, 1fr); gap: .5rem }
.figures h2 { margin: 0; color: var(--soft) }
.number { font-size: clamp(1.5rem, 6vw, 2.4rem); line-height: 1.2; font-weight: 650; margin: 0; letter-spacing: -.02em }
.unit { margin: 0; font-size: .8rem; color: var(--soft) }
.fixed { color: var(--fixed) } .tuned { color: var(--tuned) } .good { color: var(--good) } .bad { color: var(--bad) }
.key { font-weight: 400; font-size: .85rem; color: var(--soft) }
.key i { display: inline-block; width: 1.1em; border-top: 3px solid currentColor; vertical-align: middle; margin: 0 .3em 0 .4em }
.key i.dashed { border-top-style: dashed; border-top-width: 2px }
figure { margin: 0 }
svg { display: block; width: 100%; height: auto; overflow: visible }
svg text { fill: var(--soft); font: 11px system-ui, sans-serif }
svg .band { fill: var(--band) } svg .rule { stroke: var(--line) }
svg path { fill: none; stroke-linejoin: round; stroke-width: 2 }
svg path.fixed { stroke: var(--fixed); stroke-width: 1.5 } svg path.tuned { stroke: var(--tuned) }
svg path.dashed { stroke-dasharray: 4 4 }
.scroll { overflow-x: auto }
table { border-collapse: collapse; width: 100% }
th, td { text-align: right; padding: .25rem 0 .25rem .75rem; border-top: 1px solid var(--line); white-space: nowrap }
th { font-weight: 400; color: var(--soft); border-top: 0; font-size: .85rem }
th:first-child, td:first-child { text-align: left; padding-left: 0 }
ol { list-style: none; margin: 0; padding: 0; max-height: 22rem; overflow-y: auto }
li { display: grid; grid-template-columns: 3.2rem 1fr; padding: .3rem 0; border-top: 1px solid var(--line) }
li:first-child { border-top: 0 }
li time, li small, .quiet { color: var(--soft) }
li small { grid-column: 2; overflow-wrap: anywhere }
`
