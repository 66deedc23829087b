/** Collects named checks. A check passes, fails with the error's text, or is skipped for a stated reason. */
export class Checks {
  list = []

  async check(name, body) {
    const started = Date.now()
    const entry = { name, status: 'passed' }
    try {
      entry.detail = (await body()) ?? ''
    } catch (error) {
      if (error instanceof Skip) Object.assign(entry, { status: 'skipped', reason: error.message })
      else Object.assign(entry, { status: 'failed', reason: error.message })
    }
    this.list.push(entry)
    const mark = { passed: '✓', failed: '✗', skipped: '-' }[entry.status]
    const text = entry.reason ?? entry.detail
    process.stdout.write(
      `${mark} ${name}${text ? `: ${text}` : ''} (${((Date.now() - started) / 1000).toFixed(1)} s)\n`,
    )
    return entry.status === 'passed'
  }

  skip(name, reason) {
    return this.check(name, () => {
      throw new Skip(reason)
    })
  }

  count(status) {
    return this.list.filter((entry) => entry.status === status).length
  }
}

/** Thrown where a check cannot be made here; the message says why. */
export class Skip extends Error {}

export function expect(condition, message) {
  if (!condition) throw new Error(message)
}
