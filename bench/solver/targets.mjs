// What the offline solver is held to, and the verdicts on what was found.

/** A shortfall below this much of a share is noise over fifteen instances, and is said to be. */
const SHARE_NOISE = 0.02
/** A peer is ahead when its mean share is, by more than so many standard errors of the difference per instance. */
const ERRORS_MAX = 2

/** Least shares by checkpoint; where it is null no peer may be ahead and no share is set. */
export const SHARES = [
  { suite: 'bbob', dimension: 2, at: { '50D': 0.545 } },
  { suite: 'bbob', dimension: 5, at: { '10D': 0.205, '20D': 0.27, '50D': 0.45, '100D': 0.565, '200D': 0.65 } },
  { suite: 'bbob', dimension: 10, at: { '50D': 0.345 } },
  { suite: 'bbob', dimension: 20, at: { '5D': null, '10D': null, '50D': null } },
  { suite: 'bbob', dimension: 40, at: { '5D': null, '10D': null, '50D': null } },
  { suite: 'noisy', dimension: 5, at: { '100D': 0.3 } },
]
const OURS = 'homeostat'

/** Milliseconds of an ask and a tell on average, at 40-D in all for `tpe`; the last tenth of a long study against its second. */
const MEAN_MS_MAX = { 5: 0.05, 40: 2 }
const TPE_S_MAX = 1.5
const FLAT_MAX = 1.5

const ROUND_TRIPS_MAX = 5
const ACCURACY_MIN = 0.85

/** @returns the verdicts on one table of shares */
export function onShares({ suite, dimension, rows }) {
  const ours = rows.find((row) => row.contender === OURS)
  const { at = {} } = SHARES.find((one) => one.suite === suite && one.dimension === dimension) ?? {}
  const name = `${suite === 'noisy' ? 'noisy ' : ''}${dimension}-D`
  return Object.entries(at).flatMap(([checkpoint, least]) => {
    const found = ours?.score[checkpoint]
    if (typeof found !== 'number') return []
    const verdicts = least === null ? [] : [onFloor(`${name} at ${checkpoint}`, found, least)]
    const peers = rows.filter((row) => !row.contender.startsWith(OURS))
    const leads = peers.map((row) => lead(row, ours, checkpoint)).filter(Boolean)
    if (leads.length > 0) verdicts.push(onPeers(`${name} at ${checkpoint}, ahead of ${leads.length} peers`, leads))
    return verdicts
  })
}

function onFloor(what, found, least) {
  const short = least - found
  const verdict = short <= 0 ? 'kept' : short < SHARE_NOISE ? 'noise' : 'MISSED'
  const note = verdict === 'noise' ? `short by ${short.toFixed(3)}, which is noise` : ''
  return { what, found: found.toFixed(3), wanted: `at least ${least}`, verdict, note }
}

/** How far a peer is ahead on the instances that both have, with the standard error of that. */
export function lead(peer, ours, checkpoint) {
  const differences = Object.entries(peer.instances)
    .map(([instance, shares]) => [shares[checkpoint], ours.instances[instance]?.[checkpoint]])
    .filter((pair) => pair.every((share) => typeof share === 'number'))
    .map(([theirs, own]) => theirs - own)
  const n = differences.length
  if (n === 0) return undefined
  const mean = differences.reduce((sum, d) => sum + d, 0) / n
  const variance = differences.reduce((sum, d) => sum + (d - mean) ** 2, 0) / Math.max(1, n - 1)
  const error = n > 1 ? Math.sqrt(variance / n) : SHARE_NOISE / ERRORS_MAX
  return { peer: peer.contender, mean, error, instances: n, share: peer.score[checkpoint] }
}

function onPeers(what, leads) {
  const text = (one) =>
    `${one.peer} ${one.share.toFixed(3)}, ${one.mean > 0 ? 'ahead' : 'behind'} by ${Math.abs(one.mean).toFixed(3)} ± ${one.error.toFixed(3)} on ${one.instances} instances`
  const best = leads.reduce((most, one) => (one.mean > most.mean ? one : most))
  const beyond = leads.filter((one) => one.mean > ERRORS_MAX * one.error)
  const verdict = beyond.length > 0 ? 'MISSED' : best.mean > 0 ? 'noise' : 'kept'
  const told = beyond.length > 0 ? beyond : [best]
  return { what, found: told.map(text).join('; '), wanted: 'none ahead but by noise', verdict, note: '' }
}

/** Ahead of Optuna's TPE in mean rank over all problems and seeds. */
export function onMixed(rows) {
  const last = Math.max(...rows.map((row) => row.evaluations))
  const row = rows.find((one) => one.group === 'all' && one.evaluations === last)
  if (typeof row?.[OURS] !== 'number' || typeof row['optuna5-tpe'] !== 'number') return []
  const [own, theirs] = [row[OURS], row['optuna5-tpe']]
  return [
    {
      what: `mixed spaces, mean rank at ${last} evaluations`,
      found: own.toFixed(3),
      wanted: `below Optuna 5 TPE's ${theirs.toFixed(3)}`,
      verdict: own < theirs ? 'kept' : 'MISSED',
      note: `${row.problems} problems`,
    },
  ]
}

/** Rows of our own layers only. The façade over WebAssembly is printed; what is promised is promised of native code. */
export function onOverhead(rows) {
  return rows.flatMap((row) => {
    if (row.layer.endsWith('wasm')) return []
    const name = `${row.layer}: ${row.dimensions}-D ${row.strategy} on ${row.objective}, ${row.trials} trials`
    const verdict = (what, found, most, unit) => ({
      what: `${name}, ${what}`,
      found: `${found.toFixed(3)} ${unit}`,
      wanted: `at most ${most} ${unit}`,
      verdict: found <= most ? 'kept' : 'MISSED',
      note: '',
    })
    const said = []
    const most = MEAN_MS_MAX[row.dimensions]
    if (row.strategy === 'auto' && most) said.push(verdict('mean', row.mean_us / 1e3, most, 'ms'))
    if (row.strategy === 'tpe' && row.dimensions === 40 && row.trials === 1000)
      said.push(verdict('in all', (row.mean_us * row.trials) / 1e6, TPE_S_MAX, 's'))
    const [, second] = row.tenths_us
    if (row.strategy === 'auto' && row.trials >= 10_000)
      said.push(verdict('last tenth against the second', row.tenths_us.at(-1) / second, FLAT_MAX, 'times'))
    return said
  })
}

/** What `npm run bench -- interactive` found. What a kill leaves of a durable study is under test, not measured. */
export function onInteractive({ results }) {
  const one = (what, found, wanted, kept) => ({ what, found, wanted, verdict: kept ? 'kept' : 'MISSED', note: '' })
  return results
    .filter(({ name }) => !name.startsWith('echo'))
    .flatMap(({ name, ratio_to_echo: ratio, sent, received, stray_bytes: stray }) => [
      one(`interactive ${name}, lines out`, `${received}`, `${sent}, as many as in`, sent === received),
      one(`interactive ${name}, stray output`, `${stray} bytes`, 'none', stray === 0),
      ...(name.includes('durable')
        ? []
        : [
            one(
              `interactive ${name}, against an echo process`,
              `${ratio.toFixed(2)} times`,
              `at most ${ROUND_TRIPS_MAX}`,
              ratio <= ROUND_TRIPS_MAX,
            ),
          ]),
    ])
}

export function onClassifier({ accuracy, landscapes, calibrationError, calibrationMost }) {
  const one = (what, found, wanted, kept) => ({ what, found, wanted, verdict: kept ? 'kept' : 'MISSED', note: '' })
  return [
    one(
      `classifier on ${landscapes} held landscapes`,
      `${(100 * accuracy).toFixed(1)} % right`,
      `at least ${100 * ACCURACY_MIN} %`,
      accuracy >= ACCURACY_MIN,
    ),
    one(
      'classifier, confidence against how often it is right',
      `apart by ${calibrationError.toFixed(3)}`,
      `at most ${calibrationMost}`,
      calibrationError <= calibrationMost,
    ),
  ]
}

/** Prints the verdicts. @returns whether all is kept */
export function printVerdicts(verdicts, print = console.log) {
  print('\nVerdicts')
  const width = Math.max(...verdicts.map(({ what }) => what.length), 0)
  for (const { what, found, wanted, verdict, note } of verdicts)
    print(`${verdict.padEnd(7)}${what.padEnd(width + 2)}${found} (${wanted})${note ? `: ${note}` : ''}`)
  const missed = verdicts.filter(({ verdict }) => verdict === 'MISSED').length
  const noise = verdicts.filter(({ verdict }) => verdict === 'noise').length
  if (verdicts.length === 0) print('nothing of this is promised')
  print(`${verdicts.length - missed - noise} kept, ${noise} by noise, ${missed} missed`)
  return missed === 0
}
