/**
 * What a library's file says, read without a device: the facts that a forge would take, with the tags that follow from them.
 */
import { readFileSync } from 'node:fs'
import { type Fact, readLine } from '../../forge/node/facts.js'
import type { Tag } from '../../forge-binding.js'
import { failure } from '../exit.js'

export interface Known {
  /** The latest fact of each kernel, with what it is good at. */
  readonly kernels: readonly KnownFact[]
  /** Where each blueprint stands, by its hash. */
  readonly blueprints: ReadonlyMap<string, string>
  /** Every sound line, in the order of the file. */
  readonly lines: readonly string[]
  readonly damaged: number
  /** Lines that another version of the package wrote. */
  readonly otherVersion: number
}

export type KnownFact = Fact & { readonly tags: readonly Tag[] }

export const text = (value: unknown): string => (typeof value === 'string' ? value : '')

/** A library that is not there yet is empty; a file that somebody names has to be. */
export function read(path: string, required: boolean): Known {
  const found = new Map<string, Fact>()
  const blueprints = new Map<string, string>()
  const lines: string[] = []
  let damaged = 0
  let otherVersion = 0
  for (const line of contents(path, required).split('\n')) {
    if (line === '') continue
    const fact = readLine(line)
    if (fact === 'damaged') damaged++
    else if (fact === 'other version') otherVersion++
    else {
      lines.push(line)
      // As a forge reads them: later facts replace earlier ones, but that a kernel was quarantined is final.
      if (fact.fact.kernel === undefined) {
        if (fact.fact.topic === undefined) blueprints.set(text(fact.fact.blueprint), text(fact.fact.state))
      } else if (found.get(fact.about)?.kernel !== 'quarantined') found.set(fact.about, fact.fact)
    }
  }
  return { kernels: tagged([...found.values()]), blueprints, lines, damaged, otherVersion }
}

function contents(path: string, required: boolean): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    if (!required && (cause as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw failure('HOMEOSTAT_FILE', `library: ${path} cannot be read: ${(cause as Error).message}`, cause)
  }
}

const PROVEN = ['validated', 'promoted']
/** What stands in the place of a schedule where the processor answers begins with it. */
const PROCESSOR = 'processor'
const isRival = (fact: Fact): boolean =>
  PROVEN.includes(text(fact.kernel)) && !text(fact.schedule).startsWith(PROCESSOR)

/** Tags by the rule of the core's `Library::tags`, which a device is needed for; a test holds the two together. */
function tagged(facts: readonly Fact[]): KnownFact[] {
  const least = new Map<string, { seconds: number; error: number }>()
  const home = (f: Fact): string =>
    JSON.stringify([f.blueprint, f.group, f.backend, f.vendor, f.device, f.driver, f.compiler])
  for (const fact of facts.filter(isRival)) {
    const best = least.get(home(fact)) ?? { seconds: Number.POSITIVE_INFINITY, error: Number.POSITIVE_INFINITY }
    const [seconds, error] = [Math.min(best.seconds, Number(fact.seconds)), Math.min(best.error, Number(fact.error))]
    least.set(home(fact), { seconds, error })
  }
  return facts.map((fact) => {
    const best = least.get(home(fact))
    const tags: Tag[] = []
    if (best !== undefined && isRival(fact)) {
      if (Number(fact.seconds) <= 1.05 * best.seconds) tags.push('high-speed')
      if (fact.extra_bytes === 0) tags.push('low-memory')
      if (Number(fact.error) <= 1.25 * best.error) tags.push('high-precision')
      if (fact.portable === true) tags.push('portable')
    }
    return { ...fact, tags }
  })
}
