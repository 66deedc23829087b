// The demonstration service: static, tuned, and the best fixed settings in hindsight, on the same traffic
import { writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { AT_ONCE, Lab, label } from './service/lab.mjs'
import { mean, phasesOf, worseShare } from './service/phases.mjs'

const HELP = `
usage: npm run bench -- service [--seconds 300] [--seeds 5] [--first-seed 101] [--json file] [--only virtual|sweep|pairs]

virtual  fixed TTLs and the tuner in virtual time on every seed: the TTL's part of the cost, without a service
sweep    every setting of the database path alone, everything else at its default; then a grid of TTLs, with the
         default linger and with the best one: the best fixed setting in hindsight
pairs    static, tuned, static once more, and the best fixed setting, at once on every seed, places turning. What the
         second static one shows against the first is noise. Alone: with the best fixed setting of demo/design.md
`
/** Starting and ending a run takes about this long beside the run itself. */
const AROUND_S = 8

const LINGERS = [5, 10, 20, 40, 80]
const DATABASE_PATH = [
  {},
  ...LINGERS.map((lingerMs) => ({ lingerMs })),
  ...[1, 2, 100].map((inFlight) => ({ inFlight })),
  ...[1, 2].map((batchSize) => ({ batchSize })),
]
const VIRTUAL_TTLS_MS = [1, 1.5, 2, 3, 4, 6, 8, 11, 15, 20, 30, 45, 60].map((s) => s * 1000)
/** What a sweep of 300 s found (demo/design.md). */
const BEST_FIXED = { ttlMs: 2000, lingerMs: 20 }
const TTLS_MS = [1000, 2000, 4000, 8000, 15000, 30000, 60000]

const options = parse()
if (options) await main(options)

async function main({ seconds, seeds, firstSeed, json, only }) {
  const does = (step) => only === undefined || only === step
  const sweeps = Math.ceil(DATABASE_PATH.length / AT_ONCE) + Math.ceil((2 * TTLS_MS.length) / AT_ONCE)
  const runs = (does('sweep') ? sweeps : 0) + (does('pairs') ? seeds : 0)
  const minutes = Math.ceil((runs * (seconds + AROUND_S)) / 60)
  const how = runs === 0 ? 'in virtual time' : `${runs} runs of ${seconds} s: about ${minutes} minutes`
  console.log(`${how}. ${cpus()[0]?.model}, ${availableParallelism()} cores.`)
  const lab = new Lab()
  const result = { seconds, seeds, machine: cpus()[0]?.model, node: process.version }
  try {
    const ttlPart = await virtualTtls(lab, { seconds, seeds, firstSeed }, result)
    const fixed = does('sweep') ? await sweep(lab, seconds, firstSeed, result) : { best: BEST_FIXED }
    if (does('pairs')) await compare(lab, { seconds, seeds, firstSeed, ttlPart, ...fixed }, result)
  } finally {
    lab.close()
  }
  if (json) writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`)
}

/** @returns the TTL's part of the cost per seed: static, best fixed, best per phase in hindsight */
async function virtualTtls(lab, { seconds, seeds, firstSeed }, result) {
  const phases = phasesOf(seconds)
  console.log(`\nThe TTL alone, in virtual time, mean of ${seeds} seeds\n${heading(phases)}`)
  const sums = VIRTUAL_TTLS_MS.map(() => phases.map(() => 0))
  const underTuner = phases.map(() => 0)
  const parts = []
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    const { virtual: costs, tuned } = await lab.virtual(VIRTUAL_TTLS_MS, seconds, seed)
    const perPhase = (of) => phases.map(({ from, to }) => mean(of.filter((_, i) => i >= from && i < to)))
    const table = costs.map(perPhase)
    for (const [t, row] of table.entries()) for (const [p, value] of row.entries()) sums[t][p] += value / seeds
    for (const [p, value] of perPhase(tuned).entries()) underTuner[p] += value / seeds
    const fixed = costs[VIRTUAL_TTLS_MS.indexOf(15000)]
    parts.push({
      seed,
      static: mean(fixed),
      tuned: mean(tuned),
      worse: tuned.filter((cost, i) => cost > 1.1 * fixed[i]).length / tuned.length,
      bestFixed: Math.min(...costs.map(mean)),
      bestPerPhase: phases.reduce((sum, { share }, p) => sum + share * Math.min(...table.map((row) => row[p])), 0),
    })
  }
  const over = (row) => phases.reduce((sum, { share }, p) => sum + share * row[p], 0)
  for (const [t, row] of sums.entries()) console.log(line(`TTL ${VIRTUAL_TTLS_MS[t] / 1000} s`, row, over(row)))
  console.log(line('tuned', underTuner, over(underTuner)))
  const perPhase = mean(parts.map((part) => part.bestPerPhase))
  console.log(
    `best per phase ${perPhase.toFixed(2)}; tuned is ${percent(1 - mean(parts.map((part) => part.tuned / part.static)))} below static, ` +
      `worse by more than 10 % in ${percent(mean(parts.map(({ worse }) => worse)))} of the seconds`,
  )
  result.virtual = { ttlsMs: VIRTUAL_TTLS_MS, phases: sums, tuned: underTuner, parts }
  return parts
}

function heading(phases) {
  return `${'cost by phase'.padEnd(26)}${phases.map(({ name }) => name.slice(0, 9).padStart(10)).join('')}${'all'.padStart(9)}`
}

function line(name, row, all) {
  return `${name.padEnd(26)}${row.map((value) => value.toFixed(2).padStart(10)).join('')}${all.toFixed(2).padStart(9)}`
}

/** @returns the best fixed setting, and the cost of the best ones per phase */
async function sweep(lab, seconds, seed, result) {
  const phases = phasesOf(seconds)
  const head = heading(phases)
  console.log(`\nThe database path alone, seed ${seed}\n${head}`)
  const paths = await lab.settings(DATABASE_PATH, seconds, seed)
  const lingers = paths.filter(({ settings }) => !('inFlight' in settings) && !('batchSize' in settings))
  const lingerMs = least(lingers, ({ cost }) => cost).settings.lingerMs ?? 0

  console.log(`\nTTLs, with a linger of 0 and of ${lingerMs} ms\n${head}`)
  const grid = [0, lingerMs].flatMap((linger) => TTLS_MS.map((ttlMs) => ({ ttlMs, lingerMs: linger })))
  const ttls = await lab.settings(grid, seconds, seed)
  const best = least(ttls, ({ cost }) => cost)
  const perPhase = phases.map((phase, i) => {
    const winner = least([...paths, ...ttls], ({ phases: costs }) => costs[i])
    return { name: phase.name, share: phase.share, settings: winner.settings, cost: winner.phases[i] }
  })
  const achievable = perPhase.reduce((sum, { share, cost }) => sum + share * cost, 0)
  console.log(`\nbest fixed setting: ${label(best.settings)}, cost ${best.cost.toFixed(2)}`)
  for (const { name, settings, cost } of perPhase) {
    console.log(`  best in ${name.padEnd(14)} ${label(settings).padEnd(24)} ${cost.toFixed(2)}`)
  }
  console.log(`best per phase: ${achievable.toFixed(2)}`)
  Object.assign(result, {
    databasePath: paths,
    ttls,
    best: best.settings,
    perPhase,
    achievable,
  })
  return { best: best.settings, achievable }
}

async function compare(lab, { seconds, seeds, firstSeed, ttlPart, best, achievable }, result) {
  const kinds = [
    { name: 'static', variant: 'static' },
    { name: 'tuned', variant: 'tuned' },
    { name: 'static again', variant: 'static' },
    { name: 'best fixed', variant: 'static', settings: best },
  ]
  console.log(
    `\nStatic, tuned, static again, best fixed (${label(best)}); seconds that cost over 10 % more than static`,
  )
  console.log('seed    static   tuned   again  best fixed   change   worse: tuned   again  breaches  loader p99')
  const rows = []
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    const turn = seed % kinds.length
    const places = kinds.map((_, i) => (i + turn) % kinds.length)
    const answer = await lab.run(
      places.map((i) => kinds[i]),
      seconds,
      seed,
    )
    const at = (kind) => places.indexOf(kind)
    const costs = kinds.map((_, kind) => answer.totals[at(kind)].cost)
    const worse = [1, 2].map((kind) => worseShare(answer.perSecond, at(0), at(kind)))
    const worse5 = worseShare(answer.perSecond, at(0), at(1), 5)
    // Misses and stale answers alone, to compare with what virtual time says of the TTL.
    const tunedPart = mean(answer.perSecond.map((second) => 10 * second[at(1)].missRate + 20 * second[at(1)].staleRate))
    const { breaches, changes, journal } = answer.finals[at(1)]
    const { lagP99Ms } = answer
    rows.push({ seed, costs, tunedPart, worse, worse5, breaches, changes: changes.length, journal, lagP99Ms })
    console.log(
      `${String(seed).padEnd(6)}${costs.map((cost, i) => cost.toFixed(2).padStart([8, 8, 8, 12][i])).join('')}` +
        `${percent(costs[1] / costs[0] - 1).padStart(9)}${worse.map((share, i) => percent(share).padStart([15, 8][i])).join('')}` +
        `${String(breaches).padStart(10)}${`${lagP99Ms.toFixed(0)} ms`.padStart(12)}`,
    )
  }
  summarise(rows, { ttlPart, achievable, firstSeed }, result)
}

function summarise(rows, { ttlPart, achievable, firstSeed }, result) {
  const means = [0, 1, 2, 3].map((kind) => mean(rows.map(({ costs }) => costs[kind])))
  const [fixed, tuned, again, hindsight] = means
  const [worse, noise] = [0, 1].map((kind) => mean(rows.map((row) => row.worse[kind])))
  console.log(
    `mean  ${means.map((cost, i) => cost.toFixed(2).padStart([8, 8, 8, 12][i])).join('')}${percent(tuned / fixed - 1).padStart(9)}` +
      `${percent(worse).padStart(15)}${percent(noise).padStart(8)}`,
  )
  console.log(
    `\ntuned is ${percent(1 - mean(rows.map(({ costs }) => costs[1] / costs[0])))} below static (mean of the seeds' ratios), ` +
      `${percent(1 - mean(rows.map(({ costs }) => costs[1] / costs[3])))} below the best fixed setting`,
  )
  const part = (name) => mean(ttlPart.map((of) => of[name]))
  const tunedPart = mean(rows.map((row) => row.tunedPart))
  const captured = (part('static') - tunedPart) / (part('static') - part('bestPerPhase'))
  console.log(
    `the TTL's part: static ${part('static').toFixed(2)}, best fixed ${part('bestFixed').toFixed(2)}, best per phase ` +
      `${part('bestPerPhase').toFixed(2)}, tuned ${tunedPart.toFixed(2)}: ${percent(captured)} of what the best per phase gains`,
  )
  if (achievable !== undefined) {
    const [first] = rows
    const gained = (first.costs[0] - first.costs[1]) / (first.costs[0] - achievable)
    console.log(
      `of what the best settings per phase gain in hindsight on seed ${firstSeed}, tuning captures ${percent(gained)}`,
    )
  }
  Object.assign(result, {
    rows,
    means: { static: fixed, tuned, again, bestFixed: hindsight },
    worse: { tuned: worse, noise },
  })
}

function least(list, of) {
  return list.reduce((best, one) => (of(one) < of(best) ? one : best))
}

function percent(share) {
  return `${(share * 100).toFixed(1)} %`
}

function parse() {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '300' },
      seeds: { type: 'string', default: '5' },
      'first-seed': { type: 'string', default: '101' },
      json: { type: 'string' },
      only: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  if (values.help) {
    console.log(HELP)
    return undefined
  }
  const whole = (name, min, max) => {
    const value = Number(values[name])
    if (!Number.isInteger(value) || value < min || value > max) {
      console.error(`--${name} must be a whole number from ${min} to ${max}, received "${values[name]}"`)
      process.exit(2)
    }
    return value
  }
  if (values.only !== undefined && !['virtual', 'sweep', 'pairs'].includes(values.only)) {
    console.error(`--only must be virtual, sweep or pairs, received "${values.only}"`)
    process.exit(2)
  }
  return {
    seconds: whole('seconds', 20, 3600),
    seeds: whole('seeds', 1, 100),
    firstSeed: whole('first-seed', 0, 4294967195),
    json: values.json,
    only: values.only,
  }
}
