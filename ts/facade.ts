/**
 * The same façade for every runtime: an entry makes it from its host and exports what it gives.
 */
import { type Attach, makeAttach } from './attach.js'
import { type Digest, decodeDigest, encodeDigest } from './digest.js'
import type { Host } from './host.js'
import {
  type JournalBytes,
  type Reproduction,
  replayJournal,
  type Verification,
  verifyJournal,
} from './journal/check.js'
import { Loader, type Ready } from './ready.js'
import type { KnobSpecs } from './schema/knob.js'
import type { HomeostatOptions } from './schema/options.js'
import type { SignalSpecs } from './schema/signal.js'
import { create } from './tuner/create.js'
import type { Tuner } from './tuner/tuner.js'

export interface Facade {
  readonly ready: Ready
  /**
   * Makes a live tuner. Throws `HOMEOSTAT_INVALID_*`, `HOMEOSTAT_UNKNOWN_*` or `HOMEOSTAT_DUPLICATE_NAME` for options that cannot be
   * meant, `HOMEOSTAT_JOURNAL_LOCKED` when another process writes to the journal's folder, `HOMEOSTAT_NO_BINDING` without a core.
   */
  homeostat<const K extends KnobSpecs, const S extends SignalSpecs>(
    options: HomeostatOptions<K, S>,
  ): Promise<Tuner<K, S>>
  readonly attach: Attach
  /** Encodes a telemetry digest into its 64 bytes. After `ready()`. */
  encodeDigest(digest: Digest): Uint8Array
  /** Decodes the 64 bytes of a telemetry digest. After `ready()`. Throws `HOMEOSTAT_DIGEST_*` with the reason. */
  decodeDigest(bytes: Uint8Array): Digest
  /** Checks a journal's hash chain. */
  verifyJournal(bytes: JournalBytes): Promise<Verification>
  /** Re-runs a journal's decisions and compares them. */
  replayJournal(bytes: JournalBytes, onBytes?: (bytes: Uint8Array) => void): Promise<Reproduction>
  /** Which core runs: `native` or `wasm`. After `ready()`. */
  bindingKind(): 'native' | 'wasm'
}

export function makeFacade(host: Host): Facade {
  const loader = new Loader(host)
  return {
    ready: async (source) => {
      await loader.load(source)
    },
    homeostat: (options) => create(options, host, () => loader.load()),
    attach: makeAttach(host),
    encodeDigest: (digest) => encodeDigest(loader.need('encodeDigest()'), digest),
    decodeDigest: (bytes) => decodeDigest(loader.need('decodeDigest()'), bytes),
    verifyJournal: async (bytes) => verifyJournal(await loader.load(), bytes),
    replayJournal: async (bytes, onBytes) => replayJournal(await loader.load(), bytes, onBytes),
    bindingKind: () => loader.need('bindingKind()').kind,
  }
}
