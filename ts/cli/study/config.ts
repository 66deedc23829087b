/**
 * Configuration files: JSON as the specification says, with durations and sizes also written as people do (`"30s"`, `"1MiB"`).
 */
import { readFileSync } from 'node:fs'
import type { StudyBound, StudyConfig } from '../../binding.js'
import { show } from '../../errors.js'
import { parseBytes, parseDuration } from '../../units.js'
import { failure } from '../exit.js'

export function readConfig(path: string): StudyConfig {
  const text = readText(path, 'the configuration')
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (error) {
    const second = text.indexOf('\n') + 1
    const hint =
      text.startsWith('{"format":"homeostat-study"') && second > 0 ? '; it is a study: give it as the study' : ''
    throw failure('HOMEOSTAT_INVALID_JSON', `${path} is not JSON: ${(error as Error).message}${hint}`, error)
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw failure('HOMEOSTAT_INVALID_OPTION', `${path} must hold an object with "bounds", received ${show(parsed)}`)
  if ((parsed as { format?: unknown }).format === 'homeostat-study')
    throw failure('HOMEOSTAT_INVALID_OPTION', `${path} is a study, not a configuration`)
  return withNumbers(parsed as StudyConfig)
}

export function readText(path: string, what: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8').replace(/^\uFEFF/, '')
  } catch (error) {
    throw failure('HOMEOSTAT_FILE', `${what} ${path} cannot be read: ${(error as Error).message}`, error)
  }
}

/** Durations and sizes in text become numbers; whatever else is wrong, the core says. */
export function withNumbers(config: StudyConfig): StudyConfig {
  const { bounds } = config
  if (typeof bounds !== 'object' || bounds === null || Array.isArray(bounds)) return config
  return {
    ...config,
    bounds: Object.fromEntries(Object.entries(bounds).map(([name, bound]) => [name, boundWithNumbers(name, bound)])),
  }
}

function boundWithNumbers(name: string, bound: StudyBound): StudyBound {
  const parse = bound?.kind === 'duration' ? parseDuration : bound?.kind === 'bytes' ? parseBytes : undefined
  if (parse === undefined) return bound
  const converted: Record<string, unknown> = { ...bound }
  for (const key of ['min', 'max'] as const) {
    const given: unknown = bound[key]
    if (typeof given !== 'string') continue
    const number = parse(given)
    if (Number.isNaN(number)) {
      const range = bound.kind === 'duration' ? 'a duration such as "30s"' : 'a size such as "64kB"'
      throw failure('HOMEOSTAT_INVALID_KNOB', `bounds.${name}.${key} must be ${range}, received ${show(given)}`)
    }
    converted[key] = number
  }
  return converted
}
