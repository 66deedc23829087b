// The options of `npm run bench -- solver`.
import process from 'node:process'
import { parseArgs } from 'node:util'

const HELP = `
usage: npm run bench -- solver [--only bbob|noisy|mixed|overhead|classifier|interactive] [options]

bbob         share of 51 targets solved, 24 functions of COCO: 5-D to 200 evaluations a dimension; 2-D, 10-D, 20-D and 40-D to 50
noisy        the same for 30 noisy functions, 5-D to 100 evaluations a dimension
mixed        published problems with choices and whole numbers: mean rank after 100 evaluations
overhead     what an ask and a tell cost at 100, 1,000 and 10,000 past trials
classifier   labelled landscapes: how often it is right, and as sure as it should be
interactive  \`npm run bench -- interactive\`: against an echo process, 120,000 round trips

--instances 6-20    COCO's instances; 1-5 are for development, 6-20 judge
--dimensions 5,20   these only
--budget 50         evaluations a dimension, for every table
--peers a,b         these contenders only; homeostat is ours
--repeats 1         seeds of ours per instance
--seeds 101-110     of mixed; others are for development
--problems held     of mixed: names, or develop or held
--evaluations 100   of mixed
--json file         everything found
--markdown file     tables and verdicts go into this document, docs/bench-solver.md
--fresh             slow peers are run too, not read from bench/solver/stored (hours)
--stored            everything of bbob, noisy and mixed is read from there and judged again: nothing is run
--store             slow peers (or --peers) are run and stored; --seconds 200 ends early, and the same command goes on

Ends with status 1 where a target is missed. Needs Python 3.11 or later; what it installs goes to .cache/solver-bench.
`

export function parse({ parts }) {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true },
      dimensions: { type: 'string' },
      budget: { type: 'string' },
      instances: { type: 'string', default: '6-20' },
      peers: { type: 'string' },
      repeats: { type: 'string', default: '1' },
      fresh: { type: 'boolean', default: false },
      stored: { type: 'boolean', default: false },
      store: { type: 'boolean', default: false },
      seconds: { type: 'string' },
      evaluations: { type: 'string', default: '100' },
      seeds: { type: 'string', default: '101-110' },
      problems: { type: 'string', default: '' },
      json: { type: 'string' },
      markdown: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(HELP)
    process.exit(0)
  }
  const all = values.store || values.stored ? ['bbob', 'noisy', 'mixed'] : parts
  const only = values.only?.flatMap((word) => word.split(',')) ?? all
  for (const part of only)
    if (!parts.includes(part)) refuse(`--only must be of ${parts.join(', ')}, received "${part}"`)
  const measured = only.filter((part) => !['bbob', 'noisy', 'mixed'].includes(part))
  if ((values.stored || values.store) && measured.length > 0)
    refuse(
      `--${values.stored ? 'stored' : 'store'} is for bbob, noisy and mixed: nothing of ${measured.join(', ')} is stored`,
    )
  return {
    ...values,
    only,
    instances: span('instances', values.instances),
    seeds: span('seeds', values.seeds),
    dimensions: values.dimensions?.split(',').map((word) => whole('dimensions', word, 40)),
    budget: values.budget && whole('budget', values.budget, 500),
    repeats: whole('repeats', values.repeats, 100),
    evaluations: whole('evaluations', values.evaluations, 10_000),
    seconds: values.seconds && whole('seconds', values.seconds, 86_400),
    peers: values.peers?.split(','),
  }
}

function refuse(text) {
  console.error(text)
  process.exit(2)
}

function whole(name, text, max) {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1 || value > max)
    refuse(`--${name} must be a whole number from 1 to ${max}, received "${text}"`)
  return value
}

function span(name, text) {
  const [first, last = first] = text.split('-').map(Number)
  if (!/^\d+(-\d+)?$/.test(text) || first < 1 || last < first)
    refuse(`--${name} must be like 6-20, from 1 up, received "${text}"`)
  return text
}
