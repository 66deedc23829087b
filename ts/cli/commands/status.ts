import { define, outOf } from '../command.js'
import type { Register } from '../program.js'
import { readStudy } from '../study/access.js'
import { type Explanation, explain } from '../study/budget.js'
import { describeBest, describeConfig, describeCounts, describeImportance } from '../study/describe.js'
import { bestOf } from '../study/trials.js'
import { bytes } from '../ui/format.js'
import type { Common, Out } from '../ui/out.js'
import { pairs } from '../ui/table.js'

export const status: Register = (program) => {
  define(program, {
    name: 'status',
    group: 'Studies:',
    summary: 'say how far a study is, and what it has learned',
    examples: ['homeostat status tune.jsonl', 'homeostat status tune.jsonl --json | jq .trials.complete'],
  })
    .argument('<study>', 'file of the study')
    .action((path: string, options: Common) => {
      const out = outOf(options)
      const study = readStudy(path)
      const facts = explain(study.core)
      const best = bestOf(study.core, study.knobs)
      if (out.json) {
        out.object({ path, bytes: study.bytes, dropped: study.dropped, config: study.config, ...facts })
        return
      }
      out.lines(pairs([['study', `${path} (${bytes(study.bytes)})`], ...describeConfig(study.config)], out.style.dim))
      out.line(`\n${describeCounts(facts)}`)
      for (const line of landscape(facts)) out.line(line)
      if (best !== undefined) out.lines(['', ...describeBest(best, study.core.trials(), out)])
      importance(facts, out)
      if (study.dropped > 0)
        out.note(
          `the last ${study.dropped} bytes are an incomplete line: being written now, or left by a process that died`,
        )
    })
}

function landscape(facts: Explanation): string[] {
  const { landscape: found } = facts as { landscape?: { verdict?: string; confidence?: number } | null }
  const verdict = found?.verdict
  if (typeof verdict !== 'string') return [`phase: ${facts.phase}`]
  const sure = typeof found?.confidence === 'number' ? ` (${Math.round(100 * found.confidence)} % sure)` : ''
  return [`phase: ${facts.phase}; the landscape looks ${verdict}${sure}`]
}

function importance({ importance: shares }: Explanation, out: Out): void {
  if (shares === undefined || shares === null || Object.keys(shares).length === 0) return
  const lines = describeImportance(shares, out)
  if (lines.length > 0) out.lines([``, out.style.bold('importance'), ...lines])
}
