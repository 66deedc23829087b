/**
 * The forge's side of the seam: the only file that both sides agree on, as `ts/binding.ts` is for tuning.
 *
 * Two implementations exist: the native add-on of the forge, a file of its own with wgpu in it, whose device has a thread; and an
 * engine in TypeScript over the forge's WebAssembly module, which drives WebGPU where there is one and runs in a worker where it
 * can. Both answer from the processor while no kernel is proven, and where there is no device.
 *
 * **Tensors** cross as bytes, row-major, little-endian, and are copied before a call returns: the caller may write into its own at
 * once. **Errors** are `HOMEOSTAT_BLUEPRINT_INVALID`, `HOMEOSTAT_TENSOR_MISMATCH`, `HOMEOSTAT_NO_ADAPTER`, `HOMEOSTAT_DEVICE_*`,
 * `HOMEOSTAT_FORGE_UNSUPPORTED` and `HOMEOSTAT_CLOSED`. A device that fails is an event, not an error: the processor answers.
 */

export type DType = 'f32' | 'f16' | 'i32' | 'u32'

/** A tensor's name, where it has one, and what it holds. */
export interface TensorFacts {
  readonly name?: string
  readonly dtype: DType
  readonly shape: readonly number[]
}

/** What goes into a blueprint and what comes out. */
export interface BlueprintFacts {
  /** SHA-256 of its canonical bytes. */
  readonly hash: string
  readonly inputs: readonly TensorFacts[]
  readonly outputs: readonly TensorFacts[]
}

export interface AdapterFacts {
  readonly name: string
  /** The interface that it is reached by: vulkan, metal, dx12, webgpu. */
  readonly backend: string
  readonly driver: string
  readonly vendor: number
  readonly device: number
  /** Whether it is the processor. */
  readonly software: boolean
}

/** What is asked of a forge when it is opened. */
export interface OpenOptions {
  /** Part of an adapter's name; the best one where there is none. */
  readonly adapter?: string | undefined
  /** `cpu`: no device at all. `gpu`: an error where there is none. */
  readonly device: 'auto' | 'gpu' | 'cpu'
  /** {@link KernelConfig} as JSON: what kernels have that bring none of their own. */
  readonly kernel: string
  /** Identifies the run in the journal. */
  readonly runId: string
  /** Hash of the entry that the journal goes on behind. */
  readonly previous?: string | undefined
  /** Share of the time that background work takes of the device while runs come in. */
  readonly share: number
  /** Names of the strategies that take turns in a search, with commas between them; empty for the usual ones. */
  readonly strategies: string
  /** Monotonic, in microseconds. */
  nowUs(): number
}

/** How much is done for a kernel: FAST, a search, further searches while it is hot and the device idle. */
export type Tier = 'fast' | 'standard' | 'aggressive'

/** What matters most of a kernel that is right. */
export type Objective = 'speed' | 'memory' | 'precision'

/** What a kernel is good at: measured among those of its group on its device, not declared. */
export type Tag = 'high-speed' | 'low-memory' | 'high-precision' | 'portable'

/** A kernel's options, in the core's spelling. */
export interface KernelConfig {
  readonly tier?: Tier
  readonly backend?: 'auto' | 'gpu' | 'cpu'
  readonly objective?: Objective
  readonly sampling?: number
  readonly seed?: number
  readonly evaluations?: number
  readonly proof_work_max?: number
  readonly memory_max?: number
}

/** A step of a kernel's life, in the core's spelling. */
export interface CoreEvent {
  readonly event: CoreEventName
  readonly time_us: number
  /** Number of the kernel, and the hash of its blueprint; absent where it is about the device. */
  readonly kernel?: number
  readonly blueprint?: string
  readonly schedules?: readonly string[]
  /** Seconds of a run. */
  readonly seconds?: number
  /** Its time over that of what it is compared with, and the interval of 95 %. */
  readonly ratio?: number
  readonly ratio_interval?: readonly number[]
  readonly samples?: number
  /** The greatest error, as a share of what is allowed. */
  readonly worst_error?: number
  readonly runs?: number
  readonly reason?: string
  /** The smallest case found that fails, and how. */
  readonly smallest?: string
}

export type CoreEventName =
  | 'attached'
  | 'device-gone'
  | 'added'
  | 'disposed'
  | 'queued'
  | 'shed'
  | 'compiling'
  | 'measured'
  | 'proven'
  | 'validated'
  | 'rejected'
  | 'proposed'
  | 'refused'
  | 'promoted'
  | 'kept'
  | 'demoted'
  | 'quarantined'
  | 'rolled-back'
  | 'retired'
  | 'settled'
  | 'breaker'
  | 'unkept'
  | 'capacity'
  | 'gap'

/** One group of a kernel and how it is computed. */
export interface GroupFacts {
  /** contract, row, pool, map. */
  readonly work: string
  readonly shape: readonly number[]
  /** 0 but for contractions. */
  readonly multiplyAdds: number
  /** How many schedules the adapter can run; 0 without one. */
  readonly space: number
  /** The schedule that answers; absent where the processor does. */
  readonly schedule?: string
}

export interface CoreExplanation {
  /** How many outputs there are. */
  readonly outputs: number
  /** Whether nothing is left to do beside its runs. */
  readonly settled: boolean
  readonly runs: number
  /** Runs that the device answered; of them, compared with the oracle before they were given; of those, wrong and not given. */
  readonly onDevice: number
  readonly checked: number
  readonly wrong: number
  /** Runs that the device failed; the processor answered. */
  readonly failed: number
  readonly promotions: number
  readonly rollbacks: number
  /** The last candidate that was wrong or refused, where there was one: what is known of it beside its kernel. */
  readonly rejected?: Pick<CoreEvent, 'schedules' | 'reason' | 'smallest'>
  readonly groups: readonly GroupFacts[]
}

/** A kernel of the library: how a group can be computed on this device. */
export interface KnownKernel {
  /** Which group of the blueprint, from 0. */
  readonly group: number
  /** How it is computed; behind the changes of the graph, where it is another one for the same numbers. */
  readonly schedule: string
  /** `compiled`: remembered, and to be proven anew. `validated`: right on this device. `promoted`: it answers. */
  readonly state: 'compiled' | 'validated' | 'promoted'
  /** None of what is only remembered. */
  readonly tags: readonly Tag[]
  /** Sizes that are alike: powers of four of the group's work. */
  readonly bucket: number
  /** Of a dispatch. */
  readonly seconds: number
  /** That it needs beside its tensors. */
  readonly extraBytes: number
  /** The greatest one in its proof, as a share of what is allowed. */
  readonly error: number
  /** Whether the limits that every adapter has allow it. */
  readonly portable: boolean
}

export interface ForgeBinding {
  readonly kind: 'native' | 'wasm'
  /** Version of the core; equals the package's version. */
  version(): string
  /** Checks a recipe; what it takes and gives, as JSON of {@link BlueprintFacts}. */
  facts(recipe: string): string | Promise<string>
  /** Every adapter there is, the best first. */
  adapters(): Promise<readonly AdapterFacts[]>
  open(options: OpenOptions): Promise<ForgeCore>
}

/** A tensor that stays where it is. */
export interface BufferCore {
  read(): Promise<Uint8Array>
  close(): void
}

export interface KernelCore {
  /** Its number in events. */
  readonly id: number
  /** One run. @param stay whether the outputs stay on the device */
  run(inputs: readonly (Uint8Array | BufferCore)[], stay: false): Promise<Uint8Array[]>
  run(inputs: readonly (Uint8Array | BufferCore)[], stay: true): Promise<BufferCore[]>
  explain(): Promise<CoreExplanation>
  /** What the library has of it on this device; those of a group the fastest first. */
  known(): Promise<readonly KnownKernel[]>
  close(): void
}

/** 4096 events wait at most; of more the oldest are dropped. */
export interface Told {
  /** In their order. */
  readonly events: readonly CoreEvent[]
  readonly dropped: number
}

export interface ForgeCore {
  /** The device; absent where the processor answers. */
  readonly adapter: AdapterFacts | undefined
  /** Why there is no device, where one was wanted. */
  readonly trouble: string | undefined
  /** @param options {@link KernelConfig} as JSON */
  kernel(recipe: string, options: string): Promise<KernelCore>
  upload(dtype: DType, bytes: Uint8Array): Promise<BufferCore>
  /** What happened since this was last asked. */
  takeEvents(): Promise<Told>
  /** Lines of the journal, chained by hashes. They have to be taken: what cannot be recorded is not promoted. */
  takeJournal(): Promise<string>
  /** Takes lines that a library kept: how many were taken, damaged, of another version. */
  readLibrary(bytes: Uint8Array): Promise<readonly number[]>
  /** Lines that the library grew by, once. */
  takeLibrary(): Promise<string>
  close(): Promise<void>
}
