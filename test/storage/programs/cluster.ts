/** A run that has a PostgreSQL and is killed: says where it is. */
import process from 'node:process'
import { findPostgres, startPostgres } from '../support/postgres.js'

const found = findPostgres()
if ('missing' in found) throw new Error(found.missing)
const { folder } = await startPostgres(found.bin)
process.stdout.write(`${folder}\n`)
setInterval(() => {}, 1000)
