import { canonical } from '../../node/study/header.js'
import { Knobs } from '../../node/study/knobs.js'
import { define, outOf } from '../command.js'
import { loadSolver } from '../core.js'
import type { Register } from '../program.js'
import { readStudy } from '../study/access.js'
import { explain } from '../study/budget.js'
import { readConfig, readText } from '../study/config.js'
import { describeConfig, describeCounts } from '../study/describe.js'
import type { Common, Out } from '../ui/out.js'
import { pairs } from '../ui/table.js'

export const validate: Register = (program) => {
  define(program, {
    name: 'validate',
    group: 'Studies:',
    summary: 'check a configuration or a study',
    about:
      'A configuration is checked as a study would, and shown with its defaults. A study is read whole: every line has to follow from the one before it, and every proposal from what was known.',
    examples: [
      'homeostat validate tune.json',
      'homeostat validate tune.jsonl',
      'homeostat validate tune.json --json > full.json',
    ],
  })
    .argument('<file>', 'configuration (JSON) or study')
    .action((path: string, options: Common) => {
      const out = outOf(options)
      if (path !== '-' && isStudy(path)) validateStudy(path, out)
      else validateConfig(path, out)
    })
}

const isStudy = (path: string): boolean => /^\{"format":"homeostat-study".*\n/.test(readText(path, 'the file'))

function validateConfig(path: string, out: Out): void {
  const config = canonical(loadSolver(), readConfig(path))
  new Knobs(config)
  if (out.json) out.object(config)
  else {
    out.line(`${out.style.green('valid')}  a configuration of ${Object.keys(config.bounds).length} knobs`)
    out.lines(pairs(describeConfig(config), out.style.dim))
  }
}

function validateStudy(path: string, out: Out): void {
  const { core, config, dropped, bytes } = readStudy(path)
  const facts = explain(core)
  if (out.json) out.object({ ok: true, path, bytes, dropped, trials: facts.trials, config })
  else {
    out.line(`${out.style.green('valid')}  a study, ${describeCounts(facts)}`)
    out.lines(pairs(describeConfig(config), out.style.dim))
  }
  if (dropped > 0) out.warn(`the last ${dropped} bytes are an incomplete line, which the next change drops`)
}
