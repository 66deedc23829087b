/**
 * `homeostat/storage`: where journals, studies, states and kernels are kept. Here what every runtime has: memory, S3, and the suite
 * that every store passes; files and databases are in `node/`.
 */
export { type ArtifactStore, MemoryArtifacts } from './artifacts.js'
export type * from './backend.js'
export { artifactCases, type ConformanceCase, storageCases } from './conformance/index.js'
export type * from './contract.js'
export { memoryBackend, memoryStorage } from './memory.js'
export { openS3Artifacts, type S3Options } from './s3/artifacts.js'
export { createStorage, type StorageParts } from './storage.js'
