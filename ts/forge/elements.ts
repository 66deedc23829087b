/**
 * Elements of tensors as typed arrays. f16 is bits in a `Uint16Array`, since not every runtime has `Float16Array`; one of those is
 * taken too.
 */
import { HomeostatError } from '../errors.js'
import type { DType, TensorFacts } from '../forge-binding.js'

export interface ElementsOf {
  f32: Float32Array
  f16: Uint16Array
  i32: Int32Array
  u32: Uint32Array
}
export type Elements<D extends DType = DType> = ElementsOf[D]

/** By the name that the language gives a kind of array, which other realms agree on. */
const ARRAYS: Readonly<Record<string, DType>> = {
  Float32Array: 'f32',
  Float16Array: 'f16',
  Uint16Array: 'f16',
  Int32Array: 'i32',
  Uint32Array: 'u32',
}

const name = (value: unknown): string =>
  ArrayBuffer.isView(value) ? String((value as { [Symbol.toStringTag]?: string })[Symbol.toStringTag]) : typeof value

export const dtypeOf = (array: unknown): DType | undefined =>
  ArrayBuffer.isView(array) ? ARRAYS[name(array)] : undefined

export const shown = (shape: readonly number[]): string => `[${shape.join(', ')}]`
export const elements = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1)
export const bytesOf = (facts: TensorFacts): number => elements(facts.shape) * (facts.dtype === 'f16' ? 2 : 4)

export function mismatch(what: string, wanted: TensorFacts, got: string): HomeostatError {
  return new HomeostatError(
    'HOMEOSTAT_TENSOR_MISMATCH',
    `${what}: expected ${elements(wanted.shape)} elements of ${wanted.dtype} for shape ${shown(wanted.shape)}, got ${got}`,
    { option: what, range: `${wanted.dtype}${shown(wanted.shape)}` },
  )
}

/** The bytes of an array that is what a tensor asks for; nothing is copied. */
export function bytesFor(what: string, wanted: TensorFacts, array: unknown): Uint8Array {
  const dtype = dtypeOf(array)
  if (dtype === undefined)
    throw mismatch(what, wanted, ArrayBuffer.isView(array) ? `a ${name(array)}` : describe(array))
  const view = array as Elements
  if (dtype !== wanted.dtype || view.length !== elements(wanted.shape))
    throw mismatch(what, wanted, `${view.length} of ${dtype} (${name(array)})`)
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return `an array of ${value.length} (wrap it: Float32Array.from(…))`
  return value === null ? 'null' : `a ${typeof value}`
}

/** Elements from a core's bytes. */
export function elementsFrom(dtype: DType, bytes: Uint8Array): Elements {
  const own = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice()
  const { buffer, byteOffset, byteLength } = own
  switch (dtype) {
    case 'f32':
      return new Float32Array(buffer, byteOffset, byteLength / 4)
    case 'i32':
      return new Int32Array(buffer, byteOffset, byteLength / 4)
    case 'u32':
      return new Uint32Array(buffer, byteOffset, byteLength / 4)
    case 'f16':
      return new Uint16Array(buffer, byteOffset, byteLength / 2)
  }
}
