/** Errors of stores: what they mean for whoever runs the process. */
import { HomeostatError, type HomeostatErrorCode, isHomeostatError } from '../errors.js'

type Kind = 'BUSY' | 'CORRUPT' | 'CREDENTIALS' | 'FULL' | 'IO' | 'MISSING' | 'READ_ONLY' | 'UNREACHABLE'

const CODES = {
  BUSY: 'HOMEOSTAT_STORAGE_BUSY',
  CORRUPT: 'HOMEOSTAT_STORAGE_CORRUPT',
  CREDENTIALS: 'HOMEOSTAT_STORAGE_CREDENTIALS',
  FULL: 'HOMEOSTAT_STORAGE_FULL',
  IO: 'HOMEOSTAT_STORAGE_IO',
  MISSING: 'HOMEOSTAT_STORAGE_MISSING',
  READ_ONLY: 'HOMEOSTAT_STORAGE_READ_ONLY',
  UNREACHABLE: 'HOMEOSTAT_STORAGE_UNREACHABLE',
} as const satisfies Record<Kind, HomeostatErrorCode>

const MEANING: Record<Kind, string> = {
  BUSY: 'is locked by another process for longer than was waited for',
  CORRUPT: 'is damaged: keep a copy, and restore the last backup',
  CREDENTIALS: 'refuses the user, the password or the key',
  FULL: 'has no room left',
  IO: 'failed',
  MISSING: 'does not exist',
  READ_ONLY: 'cannot be written to',
  UNREACHABLE: 'does not answer',
}

/** @param what names the store without its secrets. */
export function storageError(kind: Kind, what: string, cause: unknown): HomeostatError {
  if (isHomeostatError(cause)) return cause
  const { code } = Object(cause) as { code?: unknown }
  const reason = cause instanceof Error ? cause.message || String(code ?? cause.name) : String(cause)
  return new HomeostatError(CODES[kind], `${what} ${MEANING[kind]}: ${reason}`, { cause })
}

/** A URL without the password, the keys or the query in it. */
export function withoutSecrets(text: string): string {
  try {
    const url = new URL(text)
    url.password = ''
    url.search = ''
    return url.href
  } catch {
    return text.replace(/\/\/[^@/]*@/, '//').replace(/\?.*$/, '')
  }
}

export function wrongUrl(option: string, range: string, received: string, cause?: unknown): HomeostatError {
  const shown = withoutSecrets(received)
  return new HomeostatError('HOMEOSTAT_STORAGE_URL', `${option} must be ${range}, received ${JSON.stringify(shown)}`, {
    option,
    range,
    received: shown,
    cause,
  })
}

export function noDriver(name: string, cause: unknown): HomeostatError {
  return new HomeostatError('HOMEOSTAT_STORAGE_DRIVER', `this store needs the package ${name}: npm install ${name}`, {
    cause,
  })
}
