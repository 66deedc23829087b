/**
 * A tensor that stays on the device, or, without one, in the core's memory: what one kernel gives another takes, and nothing is
 * read back in between.
 */
import { HomeostatError } from '../errors.js'
import type { BufferCore, DType, TensorFacts } from '../forge-binding.js'
import { bytesOf, type Elements, elementsFrom, mismatch, shown } from './elements.js'

const core = Symbol('core')
const owner = Symbol('owner')

export class DeviceTensor<D extends DType = DType> {
  readonly dtype: D
  readonly shape: readonly number[];
  /** @internal */
  [core]: BufferCore | undefined
  /** @internal */
  readonly [owner]: object

  /** @internal */
  constructor(buffer: BufferCore, facts: TensorFacts, forge: object) {
    this[core] = buffer
    this[owner] = forge
    this.dtype = facts.dtype as D
    this.shape = facts.shape
  }

  get bytes(): number {
    return bytesOf(this)
  }

  /** Its elements. */
  async read(): Promise<Elements<D>> {
    return elementsFrom(this.dtype, await held(this, 'read()').read()) as Elements<D>
  }

  /** Gives its memory back. What was dispatched with it still ends. */
  dispose(): void {
    this[core]?.close()
    this[core] = undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.dispose()
  }
}

function held(tensor: DeviceTensor, call: string): BufferCore {
  const buffer = tensor[core]
  if (buffer !== undefined) return buffer
  throw new HomeostatError(
    'HOMEOSTAT_CLOSED',
    `${call}: this ${tensor.dtype}${shown(tensor.shape)} tensor was disposed`,
  )
}

/** The buffer of a tensor that is what is asked for. */
export function bufferFor(what: string, wanted: TensorFacts, tensor: DeviceTensor, forge: object): BufferCore {
  if (tensor[owner] !== forge)
    throw new HomeostatError('HOMEOSTAT_TENSOR_MISMATCH', `${what}: the device tensor is of another forge`)
  const same = tensor.dtype === wanted.dtype && shown(tensor.shape) === shown(wanted.shape)
  if (!same) throw mismatch(what, wanted, `a device tensor of ${tensor.dtype} with shape ${shown(tensor.shape)}`)
  return held(tensor, what)
}
