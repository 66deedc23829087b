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
