// The offline solver: BBOB (the real COCO code) with and without noise, mixed spaces, overhead, classifier, interactive; beside its peers
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { must, prepare, ROOT } from './solver/environment.mjs'
import { writeMarkdown } from './solver/markdown.mjs'
import { parse } from './solver/options.mjs'
import { ownOverhead, printOverhead } from './solver/report-overhead.mjs'
import { onClassifier, onInteractive, onMixed, onOverhead, onShares, printVerdicts } from './solver/targets.mjs'

const FAST = [
  'random',
  'scipy-nelder-mead',
  'scipy-powell',
  'scipy-lbfgsb',
  'scipy-de',
  'scipy-dual-annealing',
  'nlopt-bobyqa',
  'nlopt-bobyqa@centre',
  'nlopt-cobyla',
  'nlopt-cobyla@centre',
  'pycma-ipop',
]
/** Read from bench/solver/stored unless --fresh: these take minutes to hours. */
const SLOW = [
  'optuna5-tpe',
  'optuna5-tpe-mv',
  'pycma-lq',
  'scipy-cobyqa@centre',
  'npm-fmin',
  'npm-optimization-js-powell',
  'npm-optimization-js-omgopt',
  'npm-ml-direct',
]
const MIXED = ['optuna5-tpe', 'optuna5-tpe-mv', 'random']
const MIXED_SLOW = ['skopt-extra-trees']
/** Dimension and budget, in multiples of the dimension, of each table. */
const TABLES = {
  bbob: [
    [2, 50],
    [5, 200],
    [10, 50],
    [20, 50],
    [40, 50],
  ],
  noisy: [[5, 100]],
}
const JUDGES = {
  bbob: (found) => found.flatMap(onShares),
  noisy: (found) => found.flatMap(onShares),
  mixed: onMixed,
  overhead: ({ own }) => onOverhead(own),
  classifier: onClassifier,
  interactive: onInteractive,
}
/** bench.py has more to do: the time it was given is over. */
const UNFINISHED = 75

const options = parse({ parts: [...Object.keys(TABLES), 'mixed', 'overhead', 'classifier', 'interactive'] })
const { interpreter, env, problems } = prepare({ runs: !options.stored })
const scratch = mkdtempSync(join(tmpdir(), 'solver-bench-'))
const results = { machine: cpus()[0]?.model, cores: availableParallelism(), node: process.version }
/** Verdicts by part. */
const judged = {}
try {
  console.log(`${results.machine}, ${results.cores} cores, Node ${results.node}`)
  must(interpreter, [join(ROOT, 'bench/solver/check.py')], { env })
  for (const part of options.only) await run(part)
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
const verdicts = Object.values(judged).flat()
if (options.json) writeFileSync(options.json, `${JSON.stringify({ ...results, verdicts }, null, 2)}\n`)
if (options.markdown) writeMarkdown(options.markdown, results, judged)
if (!options.store && !printVerdicts(verdicts)) process.exitCode = 1

async function run(part) {
  const found = await measure(part)
  if (found === undefined) return
  results[part] = found
  judged[part] = JUDGES[part](found)
}

function measure(part) {
  if (part in TABLES) return options.store ? void tables(part) : tables(part)
  if (part === 'mixed') return mixed()
  if (part === 'classifier') return call('classifier', [])
  if (part === 'interactive') return interactive()
  const own = ownOverhead(problems, env)
  const peers = call('overhead', [])
  printOverhead(own, peers)
  return { own, peers }
}

function tables(part) {
  const { dimensions, store } = options
  const promised = TABLES[part].filter(([dimension]) => !dimensions || dimensions.includes(dimension))
  const others = (dimensions ?? []).filter((d) => !promised.some(([dimension]) => dimension === d))
  const suite = part === 'noisy' ? 'noisy' : 'bbob'
  return [...promised, ...others.map((dimension) => [dimension, 50])].map(([dimension, given]) => {
    const budget = options.budget ?? given
    const ours = part === 'noisy' ? ['homeostat', 'homeostat (recommended)'] : ['homeostat']
    const asked = options.peers ?? (store ? SLOW : [...ours, ...FAST, ...SLOW])
    const stored = readFromStore(asked, SLOW)
    const rows = call(suite, [
      ...['--dim', dimension, '--budget', budget, '--instances', options.instances, '--repeats', options.repeats],
      ...['--peers', asked.filter((name) => !stored.includes(name)).join(','), '--slow', stored.join(',')],
    ])
    return { suite, dimension, budget, instances: options.instances, rows }
  })
}

function mixed() {
  const asked = options.peers ?? (options.store ? MIXED_SLOW : ['homeostat', ...MIXED, ...MIXED_SLOW])
  const stored = readFromStore(asked, MIXED_SLOW)
  const live = asked.filter((name) => !stored.includes(name))
  const args = ['--peers', live.join(','), '--slow', stored.join(','), '--seeds', options.seeds]
  return call('mixed', [...args, '--evaluations', options.evaluations, '--problems', options.problems])
}

/** A bench of its own; what it finds wrong is among the verdicts. */
function interactive() {
  const file = join(scratch, 'interactive.json')
  spawnSync(process.execPath, [join(ROOT, 'bench/interactive.mjs'), '--json', file], { cwd: ROOT, stdio: 'inherit' })
  return JSON.parse(readFileSync(file, 'utf8'))
}

function readFromStore(asked, slow) {
  if (options.fresh || options.store) return []
  return options.stored ? asked : asked.filter((name) => slow.includes(name))
}

/** Runs one part in Python; its table goes to the terminal, its rows come back. */
function call(what, args) {
  const file = join(scratch, 'rows.json')
  const words = [join(ROOT, 'bench/solver/bench.py'), what, ...args.map(String), '--json', file]
  if (options.store) {
    if (options.seconds) words.push('--seconds', options.seconds)
    const { status } = spawnSync(interpreter, [...words, '--store'], { cwd: ROOT, env, stdio: 'inherit' })
    if (status === UNFINISHED) console.log('not complete: the same command goes on where this one stopped')
    else if (status !== 0) process.exit(status ?? 1)
    return undefined
  }
  must(interpreter, words, { env })
  return JSON.parse(readFileSync(file, 'utf8'))
}
