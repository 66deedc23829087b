/** Wraps the generated surface of either target into a {@link Binding}. */
import type { Binding, Engine, Replay, Verifier } from '../binding.js'
import { type CoreOptions, guard } from './guard.js'

/** What both generated modules export. The two are compared by a test. */
export interface CoreModule {
  version(): string
  encodeDigest(fields: Float64Array): Uint8Array
  decodeDigest(bytes: Uint8Array): Float64Array
  Engine: new (config: string) => object
  Verifier: new () => object
  Replay: new () => object
}

/** The methods that are passed through; one table for both targets. */
export const METHODS = {
  Engine: [
    'ingest', 'closeWindow', 'readMetrics', 'decide', 'shadow', 'control', 'freeze', 'unfreeze', 'setMode', 'propose', 'trial',
    'enterSafeMode', 'acknowledge', 'rollback', 'pushed', 'stop', 'readValues', 'generation', 'queued', 'takeJournal', 'explain', 'close',
  ],
  Verifier: ['push', 'finish'],
  Replay: ['push', 'take', 'finish'],
} as const // biome-ignore format: a table

export function bind(core: CoreModule, options: CoreOptions): Binding {
  const { call, wrap } = guard(options)
  return {
    kind: options.kind,
    version: () => call(() => core.version()),
    createEngine: (config) => wrap<Engine>(METHODS.Engine, () => new core.Engine(config)),
    encodeDigest: (fields) => call(() => core.encodeDigest(fields)),
    decodeDigest: (bytes) => call(() => core.decodeDigest(bytes)),
    createVerifier: () => wrap<Verifier>(METHODS.Verifier, () => new core.Verifier()),
    createReplay: () => wrap<Replay>(METHODS.Replay, () => new core.Replay()),
  }
}
