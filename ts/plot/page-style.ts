/** Looks of the page. Text without markup inside, so that its hash in the content security policy holds. */
import { PAGE_COLOURS } from './style.js'

export const PAGE_STYLE = `${PAGE_COLOURS}
*{box-sizing:border-box}
[hidden]{display:none!important}
body{margin:0 auto;padding:1.25rem clamp(.6rem,2.5vw,2rem) 2.5rem;max-width:84rem;background:var(--page);color:var(--ink);
  font:1rem/1.5 system-ui,-apple-system,Segoe UI,Roboto,sans-serif;font-variant-numeric:tabular-nums}
header{display:flex;flex-wrap:wrap;align-items:baseline;justify-content:space-between;gap:0 1rem;margin-bottom:1rem}
h1{font-size:1.35rem;margin:0;letter-spacing:-.01em;overflow-wrap:anywhere}
h2{font-size:.95rem;font-weight:600;margin:0 0 .5rem}
header p,footer p{margin:0;color:var(--soft)}
footer{font-size:.85rem}
section{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.9rem clamp(.7rem,2vw,1.1rem);margin-bottom:.8rem;min-width:0}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.75rem}
.figures h2{margin:0;color:var(--soft);font-weight:400}
.number{font-size:clamp(1.4rem,5vw,2.2rem);line-height:1.25;font-weight:650;margin:0;letter-spacing:-.02em;overflow-wrap:anywhere}
.number.best{color:var(--best)}
.unit{margin:0;font-size:.8rem;color:var(--soft)}
.pair{display:grid;grid-template-columns:1fr;gap:0 .8rem}
@media (min-width:60rem){.pair{grid-template-columns:1fr 1fr}.pair>:only-child{grid-column:1/-1}}
.pair .scroll{max-height:24rem;overflow:auto}
figure{margin:0}
.fit{container-type:inline-size}
.fit svg{display:none;width:100%;height:auto}
.fit svg.wide{display:block}
@container (max-width:439px){.fit svg:not(.narrow){display:none}.fit svg.narrow{display:block}}
@container (min-width:440px) and (max-width:679px){.fit svg:not(.middle){display:none}.fit svg.middle{display:block}}
@container (min-width:1000px){.fit svg:not(.widest){display:none}.fit svg.widest{display:block}}
.fit svg.natural{width:auto;max-width:none}
.panels{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,15.5rem),1fr));gap:.4rem}
.panel{display:block;width:100%;height:auto;max-width:24rem}
.scroll{overflow-x:auto}
.help{margin:0 0 .5rem;font-size:.85rem;color:var(--soft)}
.picked{margin:0 0 .5rem;font-size:.9rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:right;padding:.25rem 0 .25rem .9rem;border-top:1px solid var(--line);white-space:nowrap;max-width:22rem;overflow:hidden;text-overflow:ellipsis}
thead th{font-weight:400;color:var(--soft);border-top:0;font-size:.85rem}
th:first-child,td:first-child{text-align:left;padding-left:0}
tbody th{font-weight:400}
#best td{color:var(--soft)}
#best td.ink{color:var(--ink);font-weight:600}
#trials tbody tr:hover{background:var(--band)}
#trials tbody tr.top td{color:var(--best);font-weight:600}
th button{all:unset;cursor:pointer}
th button:hover{color:var(--ink)}
th[aria-sort] button{color:var(--ink);font-weight:600}
th[aria-sort=ascending] button::after{content:' ↑'}
th[aria-sort=descending] button::after{content:' ↓'}
.tools{display:flex;flex-wrap:wrap;gap:.3rem 1rem;align-items:center;margin-bottom:.4rem;font-size:.9rem;color:var(--soft)}
.pager{margin-left:auto;white-space:nowrap}
button,select{font:inherit;color:var(--ink)}
.tools button,.picked button,select{background:var(--card);border:1px solid var(--frame);border-radius:.35rem;padding:.05rem .55rem;cursor:pointer}
.tools button:disabled{opacity:.4;cursor:default}
:focus-visible{outline:2px solid var(--run);outline-offset:2px;border-radius:.2rem}
th button:focus-visible{outline:2px solid var(--run);outline-offset:2px}
ul{margin:0;padding-left:0;list-style:none}
li{overflow-wrap:anywhere;padding:.1rem 0}
details{margin-top:.6rem;font-size:.9rem}
summary{cursor:pointer;color:var(--soft)}
pre{margin:.4rem 0 0;padding:.6rem;background:var(--band);border-radius:.4rem;overflow:auto;max-height:20rem;font-size:.85rem}
svg .ghost{stroke-opacity:.14}
svg .halo{fill:none;stroke:var(--ink);stroke-width:2;pointer-events:none}
svg .line.off{stroke-opacity:.06}
svg .line.over{stroke:var(--ink);stroke-width:2.5;stroke-opacity:1;pointer-events:none}
svg .grab{fill:transparent;cursor:ns-resize;touch-action:pan-x}
svg .brush{fill:var(--best);fill-opacity:.25;stroke:var(--best);pointer-events:none}
svg .now .name{fill:var(--run);text-decoration:underline}
svg .tick{pointer-events:none}
#tip{position:fixed;z-index:1;pointer-events:none;max-width:min(22rem,92vw);padding:.5rem .7rem;border-radius:.45rem;background:var(--card);
  border:1px solid var(--frame);box-shadow:0 4px 16px #0003;font-size:.85rem;line-height:1.4}
#tip b{display:block}
#tip dl{display:grid;grid-template-columns:auto auto;gap:0 .8rem;margin:0}
#tip dt{color:var(--soft);overflow:hidden;text-overflow:ellipsis;white-space:nowrap;max-width:10rem}
#tip dd{margin:0;text-align:right;overflow-wrap:anywhere}
#tip p{margin:.2rem 0 0;color:var(--soft);overflow-wrap:anywhere}
.unseen{position:absolute;width:1px;height:1px;margin:-1px;overflow:hidden;clip-path:inset(50%)}
@media (prefers-reduced-motion:no-preference){.line{transition:stroke-opacity .12s}}
@media print{body{max-width:none}.tools,.help,#tip{display:none}section{break-inside:avoid}}
`
