/**
 * The forge's WebAssembly module in a thread of its own: a product that takes the processor a second holds no event loop up. The thread
 * keeps the process alive while somebody waits for an answer of it, and no longer.
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { Port } from '../../bindings/forge/protocol.js'
import { remoteForge } from '../../bindings/forge/remote.js'
import type { WasmSource } from '../../bindings/wasm-source.js'
import { HomeostatError } from '../../errors.js'
import type { ForgeBinding } from '../../forge-binding.js'

/** Beside an installed entry of either format, and in a working copy's build. */
const PLACES = ['./forge-worker-node.js', '../esm/forge-worker-node.js', '../../../dist/esm/forge-worker-node.js']

function workerFile(): string {
  const places = PLACES.map((place) => fileURLToPath(new URL(place, import.meta.url)))
  const found = places.find((place) => existsSync(place))
  if (found === undefined) throw new Error(`no forge-worker-node.js beside ${places[0]}`)
  return found
}

function portOf(worker: Worker): Port {
  let waiting = 0
  return {
    postMessage(message, transfer) {
      if (waiting++ === 0) worker.ref()
      worker.postMessage(message, transfer as ArrayBuffer[])
    },
    addEventListener(_, listener) {
      // One reply for each request.
      worker.on('message', (data) => {
        if (--waiting === 0) worker.unref()
        listener({ data } as MessageEvent)
      })
    },
  }
}

/** Starts the thread and has it load the module. Throws where there can be none. */
export async function forgeInThread(source: WasmSource): Promise<ForgeBinding> {
  const worker = new Worker(workerFile(), { name: 'homeostat-forge', execArgv: [] })
  worker.unref()
  const remote = remoteForge(portOf(worker))
  const end = (reason: string): void =>
    remote.end(new HomeostatError('HOMEOSTAT_PANIC', `the forge's thread ended: ${reason}`))
  worker.on('error', (error) => end(error instanceof Error ? error.message : String(error)))
  worker.on('exit', (code) => end(`code ${code}`))
  try {
    await remote.load(source)
    return remote.binding
  } catch (error) {
    await worker.terminate()
    throw error
  }
}
