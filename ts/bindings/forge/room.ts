/**
 * How many bytes the tensors of a forge that stay take together, and may take (`memoryMax`): as natively, what would be more is refused
 * before anything is computed. What went with its device takes nothing.
 */
import { HomeostatError } from '../../errors.js'
import type { TensorFacts } from '../../forge-binding.js'
import type { Device } from './device.js'

/** Most tensors at once, as natively. */
const TENSORS_MAX = 65_536

/** What one of them takes. */
export interface Place {
  readonly bytes: number
  /** Where it is; nothing while it is on its way, and where it is in memory. */
  device: Device | undefined
}

export const sizeOf = (dtype: string, elements: number): number => elements * (dtype === 'f16' ? 2 : 4)

export class Room {
  readonly #most: number
  readonly #places = new Set<Place>()
  #bytes = 0

  constructor(most: number) {
    this.#most = most
  }

  /** Room for tensors of so many bytes: for all of them, or none. @param what the largest of them */
  take(what: string, sizes: readonly number[]): Place[] {
    const bytes = sizes.reduce((sum, size) => sum + size, 0)
    if (this.#bytes + bytes > this.#most) {
      const range = `at most ${this.#most} together`
      const text = `${what} takes ${bytes} bytes, the tensors that stay ${this.#bytes}: expected ${range} (memoryMax)`
      throw new HomeostatError('HOMEOSTAT_DEVICE_MEMORY', text, { option: 'memoryMax', range, received: bytes })
    }
    if (this.#places.size >= TENSORS_MAX)
      throw new HomeostatError('HOMEOSTAT_DEVICE_MEMORY', `buffers: expected at most ${TENSORS_MAX} at once`)
    this.#bytes += bytes
    const places = sizes.map((size): Place => ({ bytes: size, device: undefined }))
    for (const place of places) this.#places.add(place)
    return places
  }

  /** Room for a run's outputs, before it begins. */
  takeOutputs(outputs: readonly TensorFacts[]): Place[] {
    const sizes = outputs.map(({ dtype, shape }) =>
      sizeOf(
        dtype,
        shape.reduce((n, d) => n * d, 1),
      ),
    )
    const at = sizes.indexOf(Math.max(...sizes))
    const { dtype, shape } = outputs[at] as TensorFacts
    return this.take(`output ${at} of shape [${shape.join(', ')}] and ${dtype}, which is to stay,`, sizes)
  }

  free(place: Place): void {
    if (this.#places.delete(place)) this.#bytes -= place.bytes
  }

  /** A device is gone, with what was on it. */
  lose(device: Device): void {
    for (const place of this.#places) if (place.device === device) this.free(place)
  }
}
