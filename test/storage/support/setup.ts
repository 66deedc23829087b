/** Starts the servers once for all files of this project, and builds the program that tests kill. */
import { build } from 'tsdown'
import type { TestProject } from 'vitest/node'
import { findPostgres, startPostgres } from './postgres.js'
import { startS3 } from './s3.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** URL of a database of the server from which others can be made, or why there is none. */
    postgres: { url: string } | { missing: string }
    s3: string
  }
}

/** Where the programs are that tests start: inside the package, so that they find its packages. */
export const PROGRAMS = 'out/storage-test'

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const found = findPostgres()
  const [postgres, s3] = await Promise.all([
    'bin' in found ? startPostgres(found.bin) : undefined,
    startS3(),
    build({
      config: false,
      entry: ['victim', 'starter', 'cluster'].map((name) => `test/storage/programs/${name}.ts`),
      outDir: PROGRAMS,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      clean: false,
      dts: false,
      logLevel: 'error',
      report: false,
    }),
  ])
  project.provide(
    'postgres',
    postgres === undefined ? (found as { missing: string }) : { url: postgres.url('postgres') },
  )
  project.provide('s3', s3.endpoint)
  return async () => {
    await Promise.all([postgres?.remove(), s3.close()])
  }
}
