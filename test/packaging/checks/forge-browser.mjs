import { buildSuite } from '../../../bench/forge/suite.mjs'
import { setup } from '../../../scripts/lib/setup.mjs'
import { withLock } from '../../../scripts/lib/stamps.mjs'
import { expect } from '../lib/checks.mjs'
import { runForgeLives, runForgePage, runForgeSuite } from '../runtimes/webgpu.mjs'

/** Of some 500 cases with the first schedules: those that are drawn take seconds. */
const SUITE_SAMPLE = 40
const SUITE_SEED = 7

/** What a page is refused with. */
const REFUSED = {
  disposedInput: 'HOMEOSTAT_CLOSED',
  disposedRead: 'HOMEOSTAT_CLOSED',
  disposedKernel: 'HOMEOSTAT_CLOSED',
  closedTensor: 'HOMEOSTAT_CLOSED',
  length: 'HOMEOSTAT_TENSOR_MISMATCH',
  dtype: 'HOMEOSTAT_TENSOR_MISMATCH',
  shape: 'HOMEOSTAT_BLUEPRINT_INVALID',
  memory: 'HOMEOSTAT_DEVICE_MEMORY',
  adapter: 'HOMEOSTAT_NO_ADAPTER',
}

async function pageOf(folder) {
  const { stats, apart, frames, adapter, worker } = await runForgePage(folder)
  // Sums of 128 products of numbers between -1 and 1.
  expect(apart < 1e-3, `answers are ${apart} apart`)
  expect(stats.settled && stats.measured + stats.rejections > 0, `nothing was searched for: ${JSON.stringify(stats)}`)
  // How long the page's tasks take is for `npm run bench -- forge-page` to say: here other tests take the processor.
  expect(worker, 'the page computes on its own thread')
  return `${adapter}: ${stats.measured} schedules measured, ${frames.count} frames, ${frames.longTasks.length} long tasks`
}

function checkChain({ warm, worst, same, held, checked, ended, refused }) {
  expect(warm.join() === 'true,true' && ended, `warm: ${warm}, ended: ${ended}`)
  // Sums of 56 products of numbers between -1 and 1, and their softmax.
  expect(worst < 1e-5 && same === 0, `answers of the chain are ${worst} and ${same} apart`)
  expect(held.length === 0, `held against right kernels: ${held.join(' | ')}`)
  expect(checked.join() === '20 20 0 0,20 20 0 0', `answered, checked, wrong, failed: ${checked}`)
  for (const [what, code] of Object.entries(REFUSED))
    expect(refused[what] === code, `${what}: expected ${code}, got ${refused[what]}`)
}

async function livesOf(folder) {
  const { adapter, first, lost, apart, again, second, alone, chained } = await runForgeLives(folder)
  expect(first.join() === '2,device', `the first life measured and was answered by ${first}`)
  expect(
    /^HOMEOSTAT_DEVICE_LOST/.test(lost[0]) && lost[1] === 'cpu' && lost[2] === 'HOMEOSTAT_DEVICE_LOST',
    `the loss: ${lost}`,
  )
  expect(Math.max(...apart) < 1e-6, `answers are ${apart} apart`)
  expect(again[0] === 'device' && again[1] === 2, `after the loss: ${again}`)
  expect(second.join() === 'true,0,device,true', `the second start: ${second}`)
  expect(alone === 'device', `without a library ${alone} answers`)
  checkChain(chained)
  return `${adapter}: lost, opened again, known at the second start; tensors handed on, and disposed of meanwhile`
}

async function suite() {
  const folder = await withLock(async () => buildSuite((await setup()).rust))
  const { adapter, ran, wrong } = await runForgeSuite(folder, `rounds=0&sample=${SUITE_SAMPLE}&seed=${SUITE_SEED}`)
  expect(wrong.length === 0, wrong.join(' | '))
  expect(ran === SUITE_SAMPLE, `${ran} cases ran`)
  return `${adapter}: 0 wrong of ${ran}; all of them: npm run bench -- forge-browser`
}

/** The forge in Chromium, over the package as it is installed in a folder. */
export async function forgeBrowserChecks(checks, folder) {
  await checks.check('Chromium, the page of the forge', () => pageOf(folder))
  await checks.check('Chromium, the forge over a lost device, a second start and a chain of kernels', () =>
    livesOf(folder),
  )
  await checks.check('Chromium, the forge’s correctness suite, a sample', suite)
}
