/**
 * The one suite that every store passes, for stores of your own too; it needs no test framework:
 *
 * ```ts
 * import { storageCases } from 'homeostat/storage'
 * for (const { name, run } of storageCases()) test(name, () => run({ open: () => openMyStorage(url) }))
 * ```
 *
 * `open` is called several times in a case and has to open the same data each time. Cases use names of their own, so that one
 * database serves all of them. A case throws where the store does not do what `contract.ts` says.
 */
import type { ArtifactStore } from '../artifacts.js'
import type { Storage } from '../contract.js'
import { ARTIFACT_CASES } from './artifacts.js'
import { ITEM_CASES } from './items.js'
import { LOG_CASES } from './logs.js'

export interface ConformanceCase<T> {
  readonly name: string
  run(subject: { open(): Promise<T> }): Promise<void>
}

export function storageCases(): ConformanceCase<Storage>[] {
  return [...LOG_CASES, ...ITEM_CASES].map(([name, run]) => ({ name, run: (subject) => run(subject.open) }))
}

export function artifactCases(): ConformanceCase<ArtifactStore>[] {
  return ARTIFACT_CASES.map(([name, run]) => ({ name, run: (subject) => run(subject.open) }))
}
