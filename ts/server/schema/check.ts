/**
 * Holds a value to a schema of `schema.ts`. Says every fault with its place, at most 20 of them.
 */
import type { Schema, TypeName } from './schema.js'

export interface Fault {
  /** JSON Pointer (RFC 6901) to what is wrong. */
  readonly pointer: string
  readonly detail: string
}

const FAULTS_MAX = 20
const PATTERNS = new Map<string, RegExp>()

export function faultsOf(schema: Schema, value: unknown): Fault[] {
  const faults: Fault[] = []
  check(schema, value, '', faults)
  return faults.slice(0, FAULTS_MAX)
}

function check(schema: Schema, value: unknown, at: string, faults: Fault[]): void {
  if (faults.length >= FAULTS_MAX) return
  const fault = (detail: string): void => {
    faults.push({ pointer: at, detail })
  }
  if (schema.oneOf !== undefined) {
    checkOneOf(schema.oneOf, value, at, faults)
    return
  }
  if (schema.type !== undefined) {
    const types: readonly TypeName[] = typeof schema.type === 'string' ? [schema.type] : schema.type
    if (!types.some((type) => isA(type, value))) {
      fault(`must be ${types.join(' or ')}`)
      return
    }
  }
  if (schema.const !== undefined && value !== schema.const) fault(`must be ${JSON.stringify(schema.const)}`)
  if (schema.enum !== undefined && !schema.enum.includes(value as never))
    fault(`must be one of ${schema.enum.map((one) => JSON.stringify(one)).join(', ')}`)
  if (typeof value === 'number') checkNumber(schema, value, fault)
  else if (typeof value === 'string') checkText(schema, value, fault)
  else if (Array.isArray(value)) checkArray(schema, value, at, faults, fault)
  else if (typeof value === 'object' && value !== null) checkObject(schema, value, at, faults, fault)
}

function isA(type: TypeName, value: unknown): boolean {
  switch (type) {
    case 'null':
      return value === null
    case 'array':
      return Array.isArray(value)
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
    case 'integer':
      return Number.isInteger(value)
    case 'number':
      return typeof value === 'number' && Number.isFinite(value)
    case 'boolean':
      return typeof value === 'boolean'
    case 'string':
      return typeof value === 'string'
  }
}

/** The one branch that is meant is told by its constants, where there are any: then its faults are said, not that none fits. */
function checkOneOf(branches: readonly Schema[], value: unknown, at: string, faults: Fault[]): void {
  const found = branches.map((branch) => {
    const own: Fault[] = []
    check(branch, value, at, own)
    return own
  })
  const fitting = found.filter((own) => own.length === 0).length
  if (fitting === 1) return
  if (fitting > 1) {
    faults.push({ pointer: at, detail: 'fits more than one of the forms that are allowed' })
    return
  }
  const meant = branches.findIndex((branch) => constantsFit(branch, value))
  if (meant >= 0) faults.push(...(found[meant] as Fault[]))
  else faults.push({ pointer: at, detail: `must be ${branches.map(nameOf).join(' or ')}` })
}

function constantsFit(branch: Schema, value: unknown): boolean {
  const constants = Object.entries(branch.properties ?? {}).filter(([, { const: fixed }]) => fixed !== undefined)
  if (constants.length === 0 || typeof value !== 'object' || value === null) return false
  return constants.every(([key, { const: fixed }]) => (value as Record<string, unknown>)[key] === fixed)
}

function nameOf(schema: Schema): string {
  const fixed = Object.entries(schema.properties ?? {}).find(([, one]) => one.const !== undefined)
  if (fixed !== undefined) return `{ ${fixed[0]}: ${JSON.stringify(fixed[1].const)} }`
  return schema.title ?? (typeof schema.type === 'string' ? schema.type : 'another form')
}

function checkNumber({ minimum, maximum }: Schema, value: number, fault: (detail: string) => void): void {
  if (minimum !== undefined && value < minimum) fault(`must be ${minimum} or more`)
  if (maximum !== undefined && value > maximum) fault(`must be ${maximum} or less`)
}

function checkText({ minLength, maxLength, pattern }: Schema, value: string, fault: (detail: string) => void): void {
  // JSON Schema counts characters, not the units of UTF-16.
  const length = minLength === undefined && maxLength === undefined ? 0 : [...value].length
  if (minLength !== undefined && length < minLength) fault(`must have ${minLength} characters or more`)
  if (maxLength !== undefined && length > maxLength) fault(`must have ${maxLength} characters or fewer`)
  if (pattern === undefined) return
  let compiled = PATTERNS.get(pattern)
  if (compiled === undefined) {
    compiled = new RegExp(pattern, 'u')
    PATTERNS.set(pattern, compiled)
  }
  if (!compiled.test(value)) fault(`must match ${pattern}`)
}

function checkArray(
  { items, minItems, maxItems }: Schema,
  value: readonly unknown[],
  at: string,
  faults: Fault[],
  fault: (detail: string) => void,
): void {
  if (minItems !== undefined && value.length < minItems) fault(`must have ${minItems} items or more`)
  const many = maxItems !== undefined && value.length > maxItems
  if (many) fault(`must have ${maxItems} items or fewer`)
  if (items === undefined || many) return
  for (const [i, one] of value.entries()) check(items, one, `${at}/${i}`, faults)
}

function checkObject(
  { properties = {}, required = [], additionalProperties, minProperties, maxProperties }: Schema,
  value: object,
  at: string,
  faults: Fault[],
  fault: (detail: string) => void,
): void {
  const keys = Object.keys(value)
  if (minProperties !== undefined && keys.length < minProperties) fault(`must have ${minProperties} properties or more`)
  if (maxProperties !== undefined && keys.length > maxProperties) {
    fault(`must have ${maxProperties} properties or fewer`)
    return
  }
  for (const key of required) if (!Object.hasOwn(value, key)) fault(`must have ${key}`)
  for (const key of keys) {
    const one = (value as Record<string, unknown>)[key]
    const place = `${at}/${key.slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1')}`
    if (Object.hasOwn(properties, key)) check(properties[key] as Schema, one, place, faults)
    else if (additionalProperties === false) faults.push({ pointer: place, detail: 'is not known here' })
    else if (typeof additionalProperties === 'object') check(additionalProperties, one, place, faults)
  }
}
