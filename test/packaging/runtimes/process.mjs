import { run } from '../../../scripts/lib/run.mjs'
import { findBun, findDeno, findNode } from './find.mjs'

const LIMIT_MS = 120_000

/** A consumer starts from a clean environment: nothing of the repository or of npm may help it. */
function env(extra = {}) {
  const { PATH, HOME, SystemRoot, TEMP, TMPDIR } = process.env
  return {
    PATH,
    HOME,
    NO_COLOR: '1',
    ...(SystemRoot && { SystemRoot }),
    ...(TEMP && { TEMP }),
    ...(TMPDIR && { TMPDIR }),
    ...extra,
  }
}

const start = (program, args, folder, extra) =>
  run(program, args, {
    cwd: folder,
    env: env(extra),
    capture: true,
    timeoutMs: LIMIT_MS,
    log: 'test-packaging-runtimes',
  })

export const runNode = async (major, folder, ...words) => start(findNode(major), words, folder)

/** Reading for the cores, `ffi` for the native one, writing and `run` for a study's file and evaluations in processes. */
const DENO_ALLOWS = ['read', 'write', 'env', 'ffi', 'sys', 'run'].map((name) => `--allow-${name}`)

export const runDeno = async (folder, file = 'esm.mjs') =>
  start(findDeno(), ['run', '--no-remote', ...DENO_ALLOWS, file], folder, {
    DENO_NO_UPDATE_CHECK: '1',
    DENO_DIR: `${folder}/.deno`,
  })

/** Mesa complains about a missing window system; what Bun puts into `process.env` does not tell it to ask nobody. */
export const runBun = async (folder, file = 'esm.mjs') =>
  start(findBun(), ['run', file], folder, { DO_NOT_TRACK: '1', NODEVICE_SELECT: '1' })
