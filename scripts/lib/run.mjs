import { spawn } from 'node:child_process'
import { createWriteStream, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { StepError } from './errors.mjs'
import { ROOT, STATE } from './paths.mjs'
import { isWindows } from './platform.mjs'

const TAIL_LINES = 60
const children = new Set()

const ENDINGS = Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }).map(([signal, code]) => {
  const end = () => {
    for (const child of children) child.kill(signal)
    process.exit(code)
  }
  process.once(signal, end)
  return [signal, end]
})

/** For a script that hands signals to a program of its own instead of ending at once. */
export function releaseSignals() {
  for (const [signal, end] of ENDINGS) process.off(signal, end)
}

/**
 * Runs a command without a shell and waits for it. Output goes to `.cache/logs/<log>.log` and, with `echo`, to the terminal.
 * Never rejects for a failing command: a missing program is code 127, a time-out 124.
 * @returns {Promise<{ code: number, out: string, tail: string[] }>} `out` is standard output where `capture` is set.
 */
export function run(command, args, options = {}) {
  const {
    cwd = ROOT,
    env = process.env,
    log,
    echo = false,
    capture = false,
    note,
    timeoutMs,
    input,
    tailLines = TAIL_LINES,
  } = options
  return new Promise((resolve) => {
    const tail = []
    let out = ''
    let pending = ''
    let file
    if (log) {
      mkdirSync(join(STATE, 'logs'), { recursive: true })
      file = createWriteStream(join(STATE, 'logs', `${log}.log`), { flags: 'a' })
      file.write(`$ ${command} ${args.join(' ')}\n`)
    }
    // Batch files (npm.cmd) run only through a shell on Windows; every argument passed to them here is a literal of ours.
    const child = spawn(command, args, {
      cwd,
      env,
      shell: isWindows && command.endsWith('.cmd'),
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    })
    children.add(child)
    let timedOut = false
    const expire = () => {
      timedOut = true
      child.kill('SIGKILL')
    }
    const timer = timeoutMs && setTimeout(expire, timeoutMs)
    const take = (text) => {
      file?.write(text)
      const lines = (pending + text).split(/\r?\n|\r/)
      pending = lines.pop()
      for (const line of lines) {
        if (!line.trim()) continue
        tail.push(line)
        if (tail.length > tailLines) tail.shift()
        note?.(line)
      }
    }
    const finish = (code) => {
      clearTimeout(timer)
      children.delete(child)
      if (pending.trim()) tail.push(pending)
      file?.end()
      resolve({ code, out, tail })
    }
    child.stdout.setEncoding('utf8').on('data', (text) => {
      if (capture) out += text
      if (echo) process.stdout.write(text)
      take(text)
    })
    child.stderr.setEncoding('utf8').on('data', (text) => {
      if (echo) process.stderr.write(text)
      take(text)
    })
    if (input !== undefined) child.stdin.end(input)
    child.on('error', (error) => {
      tail.push(error.message)
      finish(error.code === 'ENOENT' ? 127 : 126)
    })
    child.on('close', (code) => finish(timedOut ? 124 : (code ?? 1)))
  })
}

/** As {@link run}, but a failure is a {@link StepError} with the last output. */
export async function must(command, args, { remedy, ...options } = {}) {
  const result = await run(command, args, options)
  if (result.code === 0) return result
  throw new StepError(`\`${[command, ...args].join(' ')}\` ended with status ${result.code}`, {
    remedy,
    tail: result.tail.slice(-40),
  })
}

/** Standard output of a quick question, or undefined where it cannot be answered. */
export async function ask(command, args, options = {}) {
  const { code, out } = await run(command, args, { capture: true, timeoutMs: 20_000, ...options })
  return code === 0 ? out.trim() : undefined
}
