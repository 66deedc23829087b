/**
 * A child process with all that it starts: a process group of its own on POSIX, a tree on Windows, ended as one.
 *
 * A group outlives its parent unless it is told: while groups run, the end of this process ends them too. A signal that nobody
 * else listens to (Ctrl-C) ends them and then does to this process what it would have done.
 */
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process'
import process from 'node:process'

const isWindows = process.platform === 'win32'
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** What is left in the pipes of a group that was ended arrives within this time. */
const DRAIN_MS = 500
/** More than pipes hold. What comes beyond it is of a process that left the group. */
const PIPES_MAX = 4 << 20
const running = new Set<ChildProcess>()

/** Starts a program as the leader of a group. Failure to start is the child's `error` event. */
export function spawnGroup(file: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  // Before the program starts: a signal that comes between would leave it behind.
  if (running.size === 0) watchThisProcess()
  let child: ChildProcess
  try {
    child = spawn(file, args, { ...options, detached: !isWindows, windowsHide: true })
  } catch (error) {
    unwatchWhenIdle()
    throw error
  }
  if (child.pid === undefined) {
    unwatchWhenIdle()
    return child
  }
  running.add(child)
  child.once('close', () => {
    running.delete(child)
    unwatchWhenIdle()
  })
  return child
}

/** Signals the whole group; quiet where nothing of it is left. */
export function killGroup(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (child.pid === undefined) return
  try {
    if (isWindows) spawnSync('taskkill', ['/pid', String(child.pid), '/T', '/F'], { windowsHide: true })
    else process.kill(-child.pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') child.kill(signal)
  }
}

/** Ends what a program that has ended left running in its group. Windows does not know whose they were. */
export function killLeftovers(child: ChildProcess): void {
  if (!isWindows) killGroup(child, 'SIGKILL')
}

/**
 * Closes the pipes of a program that has ended, once they are read: a process that left its group may hold them open for ever. A time
 * alone does not say that they are read, since this process may have been held up meanwhile; one more look of the event loop does.
 */
export function closeWhenRead(child: ChildProcess): void {
  const pipes = [child.stdout, child.stderr].filter((pipe) => pipe !== null)
  let bytes = 0
  for (const pipe of pipes)
    pipe.on('data', (chunk: Uint8Array) => {
      bytes += chunk.length
    })
  const look = (before: number) =>
    setImmediate(() => {
      if (bytes > before && bytes <= PIPES_MAX) look(bytes)
      else for (const pipe of pipes) pipe.destroy()
    })
  const timer = setTimeout(() => look(bytes), DRAIN_MS)
  child.once('close', () => clearTimeout(timer))
}

function killAll(): void {
  for (const child of running) killGroup(child, 'SIGKILL')
}

function onSignal(signal: NodeJS.Signals): void {
  // Somebody else decides what the signal means here.
  if (process.listenerCount(signal) > 1) return
  killAll()
  unwatchThisProcess()
  process.kill(process.pid, signal)
}

function watchThisProcess(): void {
  process.on('exit', killAll)
  for (const signal of SIGNALS) process.on(signal, onSignal)
}

function unwatchWhenIdle(): void {
  if (running.size === 0) unwatchThisProcess()
}

function unwatchThisProcess(): void {
  process.off('exit', killAll)
  for (const signal of SIGNALS) process.off(signal, onSignal)
}
