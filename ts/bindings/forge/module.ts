/** What the forge's WebAssembly module exports, as its host uses it. Times are monotonic microseconds. */

export interface ForgeModule {
  version(): string
  facts(recipe: string): string
  Engine: new (options: string, runId: string, share: number, strategies: string, previous?: string) => object
}

/** The engine: see `crates/homeostat-forge-wasm`. */
export interface Engine {
  attach(device: string, limits: string, nowUs: number): void
  gone(reason: string, hung: boolean, nowUs: number): void
  kernel(recipe: string, options: string, nowUs: number): number
  dispose(kernel: number, nowUs: number): void
  setTensor(kernel: number, output: boolean, place: number, bytes: Uint8Array): void
  tensor(place: number): Uint8Array
  forget(): void
  compute(kernel: number): void
  begin(kernel: number, nowUs: number): number
  program(ticket: number): number
  checks(ticket: number): boolean
  answered(ticket: number, seconds: number, nowUs: number): boolean
  aside(ticket: number, nowUs: number): void
  failed(ticket: number, code: string, reason: string, nowUs: number): void
  hasSettled(kernel: number): boolean
  explain(kernel: number): string
  known(kernel: number): string
  readLibrary(bytes: Uint8Array): Uint32Array
  takeLibrary(): string
  takeEvents(): string
  takeJournal(maxBytes: number): string
  next(nowUs: number): string
  commandInput(place: number): Uint8Array
  guarded(program: number, place: number): Uint8Array
  checkGuarded(program: number, place: number, bytes: Uint8Array): void
  computeCommand(kernel: number): void
  replyDone(): void
  replyExecuted(seconds: number): void
  replyTimed(wallS: number, ownS: number): void
  replyFailed(code: string, reason: string): void
}

export const ENGINE_METHODS: readonly (keyof Engine)[] = [
  'attach', 'gone', 'kernel', 'dispose', 'setTensor', 'tensor', 'forget', 'compute', 'begin', 'program', 'checks', 'answered', 'aside',
  'failed', 'hasSettled', 'explain', 'known', 'readLibrary', 'takeLibrary', 'takeEvents', 'takeJournal', 'next', 'commandInput', 'guarded',
  'checkGuarded', 'computeCommand', 'replyDone', 'replyExecuted', 'replyTimed', 'replyFailed',
] // biome-ignore format: a table

/** What a device has to make of a program: tensors, what lives between dispatches, dispatches in order. */
export interface ProgramRecipe {
  readonly tensors: readonly { readonly dtype: string; readonly elements: number; readonly bytes: number }[]
  /** The first so many tensors are inputs. */
  readonly inputs: number
  /** Places of the outputs among the tensors. */
  readonly outputs: readonly number[]
  /** Tensors that are read and that nobody stores: they hold zeros. */
  readonly zeroed: readonly number[]
  readonly temporaries: readonly TemporaryRecipe[]
  readonly dispatches: readonly DispatchRecipe[]
}

export type TemporaryRecipe =
  | { readonly bytes: number }
  | { readonly width: number; readonly height: number; readonly format: GPUTextureFormat }

export interface DispatchRecipe {
  readonly group: number
  readonly wgsl: string
  readonly grid: readonly [number, number, number]
  readonly resources: readonly (readonly ['tensor' | 'temporary', number])[]
}

export type Command =
  | { readonly do: 'compile'; readonly kernel: number; readonly program: number; readonly recipe: ProgramRecipe }
  | { readonly do: 'execute'; readonly kernel: number; readonly program: number; readonly guarded: boolean }
  | { readonly do: 'compute'; readonly kernel: number }
  | {
      readonly do: 'time'
      readonly kernel: number
      readonly program: number
      readonly group: number
      readonly times: number
    }
  | { readonly do: 'drop'; readonly kernel: number; readonly program: number }
