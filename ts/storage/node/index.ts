/** `homeostat/storage` in Node, Deno and Bun: also SQLite, PostgreSQL and folders. */
export * from '../index.js'
export { openFileArtifacts } from './files.js'
export { openArtifacts, openStorage } from './open.js'
export { openPostgres, type PostgresOptions } from './postgres.js'
export { openSqlite, type SqliteOptions } from './sqlite.js'
