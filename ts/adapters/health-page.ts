/**
 * Health for people: one page without scripts, which asks for itself again every two seconds.
 */
import type { ComponentReport } from '../resilience/reflex/component.js'
import type { Health } from '../resilience/reflex/reflex.js'
import type { Witness } from '../resilience/reflex/witness.js'

const STYLE = `:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:64rem;padding:0 1rem}
table{border-collapse:collapse;width:100%}th,td{text-align:right;padding:.25rem .6rem;border-bottom:1px solid #8884}
th:first-child,td:first-child,th:nth-child(2),td:nth-child(2){text-align:left}pre{white-space:pre-wrap;background:#8881;padding:.8rem}
.open,.failing,.cascade{color:#c33}.recovering,.degraded{color:#b70}.healthy{color:#282}`

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const escaped = (text: string): string => text.replace(/[&<>"']/g, (one) => ENTITIES[one] as string)
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`
const ms = (us: number): string => `${(us / 1000).toFixed(us < 10_000 ? 1 : 0)} ms`

export function healthPage(health: Health, witnesses: readonly Witness[]): string {
  const { state, components, openBreakers, patternsLearned, inFlight, optimisationsApplied, shedFromTier, cascades } =
    health
  const facts = [
    `${components} components`,
    `${openBreakers} open breakers`,
    `${inFlight} in flight`,
    `${patternsLearned} patterns learned`,
    `${cascades} cascades`,
    `${optimisationsApplied} optimisations applied`,
    shedFromTier > 4 ? 'nothing is shed' : `shed from tier ${shedFromTier} on`,
  ]
  const latest = witnesses.slice(-5).reverse()
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="2"><title>Health: ${state}</title>
<style>${STYLE}</style><h1 class="${state}">${state}</h1><p>${facts.join(' · ')}</p>
<table><tr><th>component<th>health<th>breaker<th>in flight<th>calls<th>recent errors<th>p99</tr>${health.componentStates.map(row).join('')}</table>
${latest.length > 0 ? `<h2>Cascades, the latest first</h2>${latest.map((one) => `<pre>${escaped(one.explain())}</pre>`).join('')}` : ''}</html>
`
}

function row({ component, health, breaker, calls, recentErrorRate, p99Us }: ComponentReport): string {
  const { state, inFlight } = breaker
  return `<tr><td>${escaped(component)}<td class="${health}">${health}<td>${state}<td>${inFlight}<td>${calls}<td>${percent(recentErrorRate)}<td>${ms(p99Us)}</tr>`
}
