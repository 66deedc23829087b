/** A core that tells what a test has it tell. */
import type {
  BufferCore,
  CoreEvent,
  CoreExplanation,
  ForgeBinding,
  ForgeCore,
  KernelCore,
  KnownKernel,
  OpenOptions,
} from '../../ts/forge-binding.js'

const FACTS = JSON.stringify({
  hash: 'ab'.repeat(32),
  inputs: [{ name: 'x', dtype: 'f32', shape: [1] }],
  outputs: [{ dtype: 'f32', shape: [1] }],
})

export class Scripted {
  events: CoreEvent[] = []
  dropped = 0
  journal: string[] = []
  library: string[] = []
  read: string[] = []
  /** What it says of a library: lines taken, damaged, of another version. */
  found: readonly number[] = [1, 0, 0]
  /** What it was opened with. */
  opened: OpenOptions | undefined
  known: KnownKernel[] = []
  explained: Partial<CoreExplanation> = { settled: true, groups: [] }
  /** What a run waits for. */
  run: Promise<void> = Promise.resolve()
  /** What opening waits for. */
  opening: Promise<void> = Promise.resolve()
  /** Buffers that nobody has closed. */
  buffers = 0
  closed = 0

  tell(event: CoreEvent['event'], kernel?: number, more: Partial<CoreEvent> = {}): void {
    this.events.push({ event, time_us: 0, ...(kernel !== undefined && { kernel }), ...more })
  }

  #buffer(): BufferCore {
    this.buffers++
    let open = true
    return {
      read: async () => new Uint8Array(4),
      close: () => {
        if (open) this.buffers--
        open = false
      },
    }
  }

  #kernel(id: number): KernelCore {
    const run = async (_: unknown, stay: boolean): Promise<(Uint8Array | BufferCore)[]> => {
      await this.run
      return stay ? [this.#buffer()] : [new Uint8Array(4)]
    }
    return {
      id,
      run: run as KernelCore['run'],
      explain: async () => this.explained as CoreExplanation,
      known: async () => this.known,
      close: () => {},
    }
  }

  readonly binding: ForgeBinding = {
    kind: 'native',
    version: () => '0',
    facts: () => FACTS,
    adapters: async () => [],
    open: async (options): Promise<ForgeCore> => {
      this.opened = options
      await this.opening
      let next = 0
      return {
        adapter: { name: 'scripted', backend: '', driver: '', vendor: 0, device: 0, software: true },
        trouble: undefined,
        kernel: async () => this.#kernel(next++),
        upload: async () => this.#buffer(),
        takeEvents: async () => {
          const told = { events: this.events, dropped: this.dropped }
          this.events = []
          this.dropped = 0
          return told
        },
        takeJournal: async () => this.journal.shift() ?? '',
        readLibrary: async (bytes) => {
          this.read.push(new TextDecoder().decode(bytes))
          return this.found
        },
        takeLibrary: async () => this.library.shift() ?? '',
        close: async () => {
          this.closed++
        },
      }
    },
  }
}
