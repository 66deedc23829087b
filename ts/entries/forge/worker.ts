/** The forge's own thread in a browser. */
import type { Port } from '../../bindings/forge/protocol.js'
import { serve } from '../../bindings/forge/serve.js'
import { wasmForgeBinding } from '../../bindings/forge-wasm.js'
import { compiledFrom } from '../../bindings/wasm-source.js'
import { requestClock } from '../../clock.js'

serve(
  globalThis as unknown as Port,
  async (source) => wasmForgeBinding(await compiledFrom(source), 'worker'),
  () => requestClock.nowUs(),
)
