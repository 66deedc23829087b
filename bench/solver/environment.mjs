// What the solver's bench needs besides the build: Python with its packages, npm peers, the C interface. Made once, under .cache.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const FOLDER = join(ROOT, '.cache/solver-bench')
const PYTHON_MIN = [3, 11]
const windows = process.platform === 'win32'

/** Runs a program with its output on the terminal; says what failed and ends where it fails. */
export function must(program, args, options = {}) {
  const { status, error } = spawnSync(program, args, { cwd: ROOT, stdio: 'inherit', shell: windows, ...options })
  if (status === 0) return
  console.error(`${program} ${args.join(' ')}: ${error?.message ?? `ended with status ${status}`}`)
  process.exit(1)
}

/** Does `make` again when the file it depends on has changed. */
function once(name, file, make) {
  const digest = createHash('sha256').update(readFileSync(file)).digest('hex')
  const stamp = join(FOLDER, `${name}.stamp`)
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return
  make()
  writeFileSync(stamp, digest)
}

function python() {
  for (const program of [process.env.PYTHON, 'python3', 'python'].filter(Boolean)) {
    const code = 'import sys; print(*sys.version_info[:2])'
    const { status, stdout } = spawnSync(program, ['-c', code], { encoding: 'utf8' })
    const [major, minor] = (stdout ?? '').split(' ').map(Number)
    if (status === 0 && (major > PYTHON_MIN[0] || (major === PYTHON_MIN[0] && minor >= PYTHON_MIN[1]))) return program
  }
  console.error(`the solver's bench needs Python ${PYTHON_MIN.join('.')} or later: set PYTHON to one`)
  process.exit(1)
}

/** @returns what a child needs: the interpreter and the environment; our own solver too, where something is to be run. */
export function prepare({ runs = true } = {}) {
  mkdirSync(FOLDER, { recursive: true })
  const venv = join(FOLDER, 'venv')
  const interpreter = join(venv, windows ? 'Scripts/python.exe' : 'bin/python')
  const requirements = join(ROOT, 'bench/solver/requirements.txt')
  once('python', requirements, () => {
    must(python(), ['-m', 'venv', venv])
    must(interpreter, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements])
  })
  if (!runs) return { interpreter, env: process.env }
  const peers = join(FOLDER, 'npm')
  const manifest = join(ROOT, 'bench/solver/npm/package.json')
  once('npm', manifest, () => {
    mkdirSync(peers, { recursive: true })
    copyFileSync(manifest, join(peers, 'package.json'))
    must('npm', ['install', '--silent', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: peers })
  })
  must('cargo', ['build', '--release', '--quiet', '-p', 'homeostat-problems'])
  const target = process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target')
  const library = { win32: 'homeostat_problems.dll', darwin: 'libhomeostat_problems.dylib' }
  const env = {
    ...process.env,
    HOMEOSTAT_PROBLEMS: join(target, 'release', library[process.platform] ?? 'libhomeostat_problems.so'),
    HOMEOSTAT_NPM_PEERS: peers,
    // Peers with threads of their own would be timed with other cores' help.
    OMP_NUM_THREADS: '1',
    OPENBLAS_NUM_THREADS: '1',
  }
  return { interpreter, env, problems: join(target, 'release', windows ? 'problems.exe' : 'problems') }
}
