/** Stores by URL: what a configuration file or an environment variable says. */

import process from 'node:process'
import { fileURLToPath } from 'node:url'
import * as check from '../../schema/checks.js'
import type { ArtifactStore } from '../artifacts.js'
import { MemoryArtifacts } from '../artifacts.js'
import type { Storage } from '../contract.js'
import { withoutSecrets, wrongUrl } from '../errors.js'
import { memoryStorage } from '../memory.js'
import { openS3Artifacts } from '../s3/artifacts.js'
import { openFileArtifacts } from './files.js'
import { openPostgres } from './postgres.js'
import { openSqlite } from './sqlite.js'

/**
 * Opens the store that a URL names: `sqlite:path/to/file.db` (or `file:`), `postgres://user:password@host/database`, `memory:`.
 * Throws `HOMEOSTAT_STORAGE_URL` for any other, and `HOMEOSTAT_STORAGE_*` where the store cannot be used.
 */
export async function openStorage(url: string): Promise<Storage> {
  const text = check.text('url', url)
  if (/^postgres(ql)?:/.test(text)) return openPostgres(text)
  if (text === 'memory:') return memoryStorage()
  const file = fileOf(text, 'sqlite')
  if (file !== undefined) return openSqlite(file)
  throw wrongUrl('url', 'sqlite:path/to/file.db, postgres://user:password@host/database or memory:', text)
}

/**
 * Opens the artifacts that a URL names: a folder (`file:path`, or a path), `memory:`, or
 * `s3://bucket/prefix?endpoint=https://…&region=…`, with credentials of `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and
 * `AWS_SESSION_TOKEN`.
 */
export async function openArtifacts(url: string): Promise<ArtifactStore> {
  const text = check.text('url', url)
  if (text === 'memory:') return new MemoryArtifacts()
  if (text.startsWith('s3:')) return openS3Artifacts(s3Of(text))
  const folder = fileOf(text, 'folder') ?? (/^[a-z][a-z0-9+.-]+:/i.test(text) ? undefined : text)
  if (folder !== undefined) return openFileArtifacts(folder)
  throw wrongUrl('url', 'a folder, s3://bucket/prefix or memory:', text)
}

/** `file:///absolute`, `file:relative`, and the same with another scheme. */
function fileOf(url: string, scheme: string): string | undefined {
  const path = new RegExp(`^(?:file|${scheme}):(.*)$`).exec(url)?.[1]
  if (path === undefined || path === '' || path === '//') return undefined
  if (!path.startsWith('//')) return path
  try {
    return fileURLToPath(`file:${path}`)
  } catch (cause) {
    throw wrongUrl('url', `${scheme}:path, with no host in it`, url, cause)
  }
}

function s3Of(text: string) {
  const range = 's3://bucket/prefix?endpoint=https://s3.example.com&region=us-east-1'
  let url: URL
  try {
    url = new URL(text)
  } catch (cause) {
    throw wrongUrl('url', range, text, cause)
  }
  const unknown = [...url.searchParams.keys()].filter((name) => !['endpoint', 'region'].includes(name))
  if (url.host === '' || unknown.length > 0) throw wrongUrl('url', range, withoutSecrets(text))
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION } = process.env
  const endpoint = url.searchParams.get('endpoint')
  const region = url.searchParams.get('region') ?? AWS_REGION
  return {
    bucket: url.host,
    prefix: decodeURIComponent(url.pathname.slice(1)),
    ...(endpoint === null ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    credentials: {
      accessKeyId: check.text('AWS_ACCESS_KEY_ID', AWS_ACCESS_KEY_ID),
      secretAccessKey: check.text('AWS_SECRET_ACCESS_KEY', AWS_SECRET_ACCESS_KEY),
      sessionToken: AWS_SESSION_TOKEN,
    },
  }
}
