// One npm peer as a child process: writes points, reads values, one JSON line each, synchronously, until it is killed.
import { readFileSync, readSync, writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const [, , folder, name, dimensions, seed, evaluations] = process.argv
const require = createRequire(pathToFileURL(`${folder}/package.json`))
const n = Number(dimensions)
const budget = Number(evaluations)

/** Peers draw from Math.random: a seeded one makes them repeatable. */
let state = Number(seed) >>> 0
Math.random = () => {
  state = (state + 0x6d2b79f5) | 0
  let t = Math.imul(state ^ (state >>> 15), 1 | state)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}

const buffer = Buffer.alloc(256)
let used = 0
function objective(x) {
  if (used++ >= budget) process.exit(0)
  writeSync(1, `${JSON.stringify(Array.from(x))}\n`)
  let line = ''
  while (!line.endsWith('\n')) {
    const count = readSync(0, buffer)
    if (count === 0) process.exit(0)
    line += buffer.toString('latin1', 0, count)
  }
  return Number(line)
}

function commonJs(file) {
  const module = { exports: {} }
  new Function('module', 'exports', readFileSync(file, 'utf8'))(module, module.exports)
  return module.exports
}

const start = () => Array.from({ length: n }, () => Math.random() * 8 - 4)
const peers = {
  'fmin-nelder-mead': () => {
    // Its main file is CommonJS in a package that says it holds modules: Node finds no exports in it.
    const { nelderMead } = commonJs(require.resolve('fmin'))
    for (;;) nelderMead(objective, start(), { maxIterations: 1e9, minErrorDelta: 1e-12 })
  },
  'optimization-js-powell': () => {
    const { minimize_Powell } = require('optimization-js')
    for (;;) minimize_Powell(objective, start())
  },
  'optimization-js-omgopt': () => {
    const js = require('optimization-js')
    const space = Array.from({ length: n }, () => js.Real(-5, 5))
    js.rs_minimize(objective, space, budget)
  },
  'ml-direct': async () => {
    const { default: direct } = await import(pathToFileURL(require.resolve('ml-direct')).href)
    const run = direct.default ?? direct
    run(objective, Array(n).fill(-5), Array(n).fill(5), { iterations: 1e6 })
  },
  // The package offers grid and random search only.
  'hyperparameters-random': async () => {
    const js = require('hyperparameters')
    const space = Object.fromEntries(Array.from({ length: n }, (_, i) => [`x${i}`, js.uniform(-5, 5)]))
    const value = (point) => objective(Array.from({ length: n }, (_, i) => point[`x${i}`]))
    await js.fmin(value, space, js.search.randomSearch, budget, { rng: new js.RandomState(Number(seed)) })
  },
}
await peers[name]()
