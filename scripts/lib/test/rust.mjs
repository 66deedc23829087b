import { FORGE_PROFILE } from '../build/forge-native.mjs'
import { run } from '../run.mjs'
import { XTASK_PROFILE, xtask } from '../rust/xtask.mjs'
import { ensureVulkan } from '../setup-vulkan.mjs'
import { add, none, oneOf, skip } from './counts.mjs'

const TAIL = 150
const cargo = ({ rust, note }, args, log) =>
  run('cargo', args, { env: rust.env, log, note, capture: true, tailLines: TAIL })

export const rustFormat = {
  title: 'Rust format',
  async run(context) {
    if (!context.rust.fmt) return skip('Rust format', 'this toolchain has no rustfmt')
    return oneOf(await cargo(context, ['fmt', '--all', '--check'], 'test-fmt'))
  },
}

export const rustLint = {
  title: 'Rust lints',
  async run(context) {
    if (!context.rust.clippy) return skip('Rust lints', 'this toolchain has no clippy')
    return oneOf(
      await cargo(
        context,
        ['clippy', '--workspace', '--all-targets', '--locked', '--', '-D', 'warnings'],
        'test-clippy',
      ),
    )
  },
}

/** Sums the `test result:` lines, of which every test binary and every crate's documentation prints one. */
export function countCargo(out) {
  const counts = none()
  for (const [, passed, failed, ignored] of out.matchAll(
    /^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored;/gm,
  )) {
    counts.passed += Number(passed)
    counts.failed += Number(failed)
    counts.skipped += Number(ignored)
  }
  for (const [, name, reason] of out.matchAll(/^test (\S+).* \.\.\. ignored(?:, (.*))?$/gm))
    counts.reasons.push(`${name}: ${reason ?? 'ignored'}`)
  return counts
}

/** The forge on a device, which is the processor where there is no other. Without one every test counts as skipped. */
const ON_DEVICE = ['--profile', FORGE_PROFILE, '-p', 'homeostat-forge-node', '--features', 'device', '--test', 'device']

export const rustTest = {
  title: 'Rust tests',
  async run(context) {
    const common = ['--locked', '--no-fail-fast']
    await ensureVulkan(context.note)
    const runs = [
      await cargo(context, ['test', '--workspace', '--exclude', 'xtask', ...common], 'test-cargo'),
      await cargo(context, ['test', '-p', 'xtask', ...XTASK_PROFILE, ...common], 'test-cargo'),
      await cargo(context, ['test', ...ON_DEVICE, ...common], 'test-cargo'),
    ]
    const total = none()
    for (const { code, out, tail } of runs) {
      const counts = countCargo(out)
      // A test binary that does not build or dies has no result line: that is a failure too.
      if (code !== 0 && counts.failed === 0) counts.failed = 1
      add(total, counts)
      if (code !== 0) total.tail.push(...failures(out), ...tail)
    }
    return total
  },
}

/** The sections that say how a test failed, which may lie far before the end of the output. */
function failures(out) {
  return [...out.matchAll(/^---- .* stdout ----\n[\s\S]*?(?=\n\n)/gm)]
    .flatMap(([section]) => section.split('\n'))
    .slice(0, TAIL)
}

export const generated = {
  title: 'generated files are current',
  async run(context) {
    const result = await cargo(context, xtask('codegen', '--check'), 'test-codegen')
    const found = /generated files: (\d+) current, (\d+) stale/.exec(result.out)
    if (!found) return oneOf({ ...result, code: result.code || 1 })
    return { ...none(), passed: Number(found[1]), failed: Number(found[2]), tail: result.code === 0 ? [] : result.tail }
  },
}
