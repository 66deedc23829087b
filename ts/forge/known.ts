/** What the library has of a kernel, by what it is good at. */
import { invalid } from '../errors.js'
import type { KnownKernel, Tag } from '../forge-binding.js'

export interface KnownOptions {
  /** Only kernels of this tag; default: all. */
  readonly tag?: Tag
}

export const TAGS: readonly Tag[] = ['high-speed', 'low-memory', 'high-precision', 'portable']

/** Refuses a tag that there is none of; else what leaves the others out. */
export function only({ tag }: KnownOptions): (all: readonly KnownKernel[]) => readonly KnownKernel[] {
  if (tag === undefined) return (all) => all
  if (!TAGS.includes(tag)) throw invalid('tag', TAGS.map((one) => `'${one}'`).join(' or '), tag)
  return (all) => all.filter(({ tags }) => tags.includes(tag))
}
