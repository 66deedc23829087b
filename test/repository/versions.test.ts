/** What is written in several places says the same in each of them. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { hostTriple, PLATFORMS } from '../../scripts/lib/platform.mjs'
import { ADDONS, nativePackageName, releaseManifest } from '../../scripts/lib/release/native-package.mjs'
import { GENERATION_WRAP, SIGNAL_BITS } from '../../ts/binding.js'
import { CORE_SIGNAL_BITS } from '../../ts/generated/core.js'
import { platformTriple } from '../../ts/node/load.js'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const json = <T = { version: string }>(path: string): T => JSON.parse(read(path))
interface LockEntry {
  resolved?: string
  optionalDependencies?: Record<string, string>
}
const sorted = (words: Iterable<string>): string[] => [...words].sort()

test('one version', () => {
  const { version } = json('package.json')
  const cargo = read('Cargo.toml')
  expect(/\[workspace\.package\]\nversion = "([^"]+)"/.exec(cargo)?.[1]).toBe(version)
  expect(/^homeostat-core = .*version = "([^"]+)"/m.exec(cargo)?.[1]).toBe(version)
  for (const { crate } of Object.values(ADDONS)) expect(json(`crates/${crate}/package.json`).version).toBe(version)
  expect(json('package-lock.json').version).toBe(version)
})

describe('platforms with a native build', () => {
  const triples = sorted(PLATFORMS.map(({ triple }) => triple))

  test.each(Object.values(ADDONS))('napi build, $crate', ({ crate }) => {
    const { napi } = json<{ napi: { targets: string[] } }>(`crates/${crate}/package.json`)
    expect(sorted(napi.targets)).toEqual(sorted(PLATFORMS.map(({ rust }) => rust)))
  })

  test('release workflow', () => {
    const jobs = read('.github/workflows/release.yml').split(/^ {2}(?=\w+:$)/m)
    for (const name of ['native', 'try']) {
      const job = jobs.find((text) => text.startsWith(`${name}:`)) ?? ''
      expect(sorted([...job.matchAll(/\{ triple: ([\w-]+),/g)].map(([, triple]) => triple ?? '')), name).toEqual(
        triples,
      )
    }
  })

  test('optional dependencies of what is published', () => {
    const { optionalDependencies, version } = releaseManifest()
    expect(optionalDependencies).toEqual(
      Object.fromEntries(
        PLATFORMS.flatMap(({ triple }) =>
          Object.keys(ADDONS).map((addon) => [nativePackageName(triple, addon), version]),
        ),
      ),
    )
  })

  test('the loader and the build name this platform alike', () => {
    expect(platformTriple()).toBe(hostTriple())
  })
})

describe.each(['package-lock.json', 'test/packaging/package-lock.json'])('%s', (file) => {
  const { packages } = json<{ packages: Record<string, LockEntry> }>(file)

  test('names no registry host', () => {
    expect(Object.values(packages).filter((entry) => /^https?:/.test(entry.resolved ?? ''))).toEqual([])
  })

  // `npm ci` refuses a lockfile that leaves out the builds for other platforms (see scripts/lockfile.mjs).
  test('has every optional dependency', () => {
    const missing = Object.entries(packages).flatMap(([path, entry]) =>
      Object.keys(entry.optionalDependencies ?? {}).filter(
        (name) => !packages[`${path}/node_modules/${name}`] && !packages[`node_modules/${name}`],
      ),
    )
    expect(missing).toEqual([])
  })
})

test('the seam, which imports nothing, packs samples as the core unpacks them', () => {
  expect(SIGNAL_BITS).toBe(CORE_SIGNAL_BITS)
  expect(GENERATION_WRAP).toBe(2 ** (32 - CORE_SIGNAL_BITS))
})
