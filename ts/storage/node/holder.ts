/** This process as the writer of logs, and whether another one of this machine lives. */
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import process from 'node:process'
import { isAlive, startOf } from '../../node/alive.js'
import type { Holder, Self } from '../log/holder.js'

/** Found out when a log is opened: who only reads, and who only opens, does not wait for it. */
export function thisProcess(): Self {
  let known: Holder | undefined
  const holder = (): Holder => {
    known ??= { id: crypto.randomUUID(), place: here(), pid: process.pid, started: startOf(process.pid) }
    return known
  }
  return {
    get holder() {
      return holder()
    },
    isAlive: (other) => {
      if (other.place !== holder().place || other.pid === undefined) return undefined
      return isAlive({ pid: other.pid, started: other.started ?? null })
    },
  }
}

/** The machine's name, its boot and the set of process ids that is seen here: two containers may share the first two. */
function here(): string {
  const facts = [hostname()]
  try {
    facts.push(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(), readlinkSync('/proc/self/ns/pid'))
  } catch {
    // Not Linux: the machine's name has to do.
  }
  return facts.join(' ')
}
