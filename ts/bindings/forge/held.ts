/** Elements that stay: on the device, or here. What a run took in hand stays until the run is over, whoever disposes of it meanwhile. */
import { HomeostatError } from '../../errors.js'
import type { BufferCore } from '../../forge-binding.js'
import type { Device } from './device.js'
import { Lifetime } from './lifetime.js'
import type { Source } from './program.js'

/** What it needs of its forge. */
export interface Keeper {
  /** The device that there is now. */
  readonly device: Device | undefined
  bytesOf(at: Source, bytes: number, device: Device | undefined): Promise<Uint8Array>
}

export interface Hold {
  readonly source: Source
  readonly release: () => void
}

export class Held implements BufferCore {
  readonly bytes: number
  readonly #keeper: Keeper
  /** Whose it is; nobody's where the elements are here. */
  readonly #device: Device | undefined
  #at: Source | undefined
  readonly #freed: () => void
  readonly #life = new Lifetime(() => {
    if (!(this.#at instanceof Uint8Array)) this.#at?.destroy()
    this.#at = undefined
    this.#freed()
  })

  /** @param freed called once nobody needs it any more */
  constructor(keeper: Keeper, at: Source, bytes: number, device: Device | undefined, freed: () => void) {
    this.#keeper = keeper
    this.#at = at
    this.bytes = bytes
    this.#device = device
    this.#freed = freed
  }

  /** Keeps its elements where they are until they are released. */
  hold(): Hold {
    if (this.#at === undefined || this.#life.isOver)
      throw new HomeostatError('HOMEOSTAT_CLOSED', 'this tensor was disposed')
    // Another device would refuse its buffer, and the kernel would be held to be at fault.
    if (this.#device !== undefined && this.#device !== this.#keeper.device)
      throw new HomeostatError('HOMEOSTAT_DEVICE_LOST', 'the tensor went with its device')
    return { source: this.#at, release: this.#life.use() }
  }

  async read(): Promise<Uint8Array> {
    const { source, release } = this.hold()
    try {
      return await this.#keeper.bytesOf(source, this.bytes, this.#device)
    } finally {
      release()
    }
  }

  close(): void {
    this.#life.end()
  }
}
