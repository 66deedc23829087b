/** Whether a process of this machine lives, told by its id and its start: an id may be another process's by now. */
import { readFileSync } from 'node:fs'
import process from 'node:process'

/** Whether the process that a lock or a store names still runs. */
export function isAlive(holder: { readonly pid: number; readonly started: string | null }): boolean {
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    if ((error as { code?: string }).code !== 'EPERM') return false
  }
  const started = startOf(holder.pid)
  return started === null || holder.started === null || started === holder.started
}

/** When a process started, where /proc tells. */
export function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may contain anything; the 22nd field is the 20th after it.
    const field = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    return field === undefined ? null : `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${field}`
  } catch {
    return null
  }
}
