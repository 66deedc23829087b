/** The forge's own thread in Node, Bun and Deno. */
import { parentPort } from 'node:worker_threads'
import type { Port } from '../../bindings/forge/protocol.js'
import { serve } from '../../bindings/forge/serve.js'
import { wasmForgeBinding } from '../../bindings/forge-wasm.js'
import type { WasmSource } from '../../bindings/wasm-source.js'
import { requestClock } from '../../clock.js'

const page: Port = {
  postMessage: (message, transfer) => parentPort?.postMessage(message, transfer as ArrayBuffer[]),
  addEventListener: (_, listener) => {
    parentPort?.on('message', (data) => listener({ data } as MessageEvent))
  },
}

serve(
  page,
  async (source) => wasmForgeBinding(source as WasmSource, 'worker'),
  () => requestClock.nowUs(),
)
