import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { STATE } from './paths.mjs'
import { say } from './progress.mjs'

const stampPath = (name) => join(STATE, 'stamps', `${name}.json`)

export function readStamp(name) {
  try {
    return JSON.parse(readFileSync(stampPath(name), 'utf8'))
  } catch {
    return undefined
  }
}

export function writeStamp(name, value) {
  mkdirSync(dirname(stampPath(name)), { recursive: true })
  writeFileSync(stampPath(name), JSON.stringify(value))
}

/** Whether the step was done for this key and everything that it left still exists. */
export const isCurrent = (name, key, outputs = []) =>
  readStamp(name)?.key === key && outputs.every((file) => existsSync(file))

const POLL_MS = 300

function holder(lock) {
  try {
    return Number(readFileSync(join(lock, 'pid'), 'utf8'))
  } catch {
    // The folder exists a moment before its content: only an old one without content was left behind.
    return Date.now() - statSync(lock, { throwIfNoEntry: false })?.mtimeMs > 5000 ? 0 : undefined
  }
}

function alive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** Set-up and build change shared folders: one process of a checkout at a time. */
export async function withLock(body) {
  const lock = join(STATE, 'lock')
  mkdirSync(STATE, { recursive: true })
  for (let told = false; ; ) {
    try {
      mkdirSync(lock)
      break
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    const pid = holder(lock)
    if (pid !== undefined && !(pid && alive(pid))) {
      rmSync(lock, { recursive: true, force: true })
      continue
    }
    if (!told) say(`… waiting for another set-up or build of this checkout (process ${pid ?? '?'})`)
    told = true
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  const release = () => rmSync(lock, { recursive: true, force: true })
  process.once('exit', release)
  try {
    writeFileSync(join(lock, 'pid'), String(process.pid))
    return await body()
  } finally {
    process.off('exit', release)
    release()
  }
}
