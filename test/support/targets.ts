/** The two cores as they were built, outside of any packaging. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Binding } from '../../ts/binding.js'
import type { CoreModule } from '../../ts/bindings/core.js'
import { nativeBinding } from '../../ts/bindings/native.js'
import { wasmBinding } from '../../ts/bindings/wasm.js'
import { platformTriple } from '../../ts/node/load.js'

export const out = (path: string): string => fileURLToPath(new URL(`../../out/${path}`, import.meta.url))
export const addon = createRequire(import.meta.url)(out(`native/homeostat.${platformTriple()}.node`)) as CoreModule
export const targets: Binding[] = [nativeBinding(addon), wasmBinding(readFileSync(out('wasm/homeostat_bg.wasm')))]
