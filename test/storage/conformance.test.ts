/** One suite, every store. */
import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, inject, test } from 'vitest'
import {
  artifactCases,
  MemoryArtifacts,
  openFileArtifacts,
  openS3Artifacts,
  storageCases,
} from '../../ts/storage/node/index.js'
import { BUCKET, CREDENTIALS } from './support/s3.js'
import { noPostgres, SUBJECTS, type Subject, temporary } from './support/stores.js'

describe.each(Object.keys(SUBJECTS) as (keyof typeof SUBJECTS)[])('%s', (kind) => {
  let subject: Subject
  const missing = kind === 'postgres' ? noPostgres : undefined
  beforeAll(async () => {
    if (missing === undefined) subject = await SUBJECTS[kind]()
  })
  afterAll(() => subject?.remove())

  test.for(storageCases())('$name', async ({ run }, { skip }) => {
    if (missing !== undefined) skip(missing)
    await run(subject)
  })
})

const folder = temporary()
const memory = new MemoryArtifacts()
const artifacts = {
  memory: async () => memory,
  files: () => openFileArtifacts(folder),
  s3: () =>
    openS3Artifacts({ bucket: BUCKET, prefix: 'kernels/a b', endpoint: inject('s3'), credentials: CREDENTIALS }),
}
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.each(Object.keys(artifacts) as (keyof typeof artifacts)[])('artifacts: %s', (kind) => {
  test.for(artifactCases())('$name', ({ run }) => run({ open: artifacts[kind] }))
})
