/** The reflex of the native add-on. */
import type { ReflexBinding } from '../reflex-binding.js'
import { nativePanicText } from './native.js'
import { bindReflex, type ReflexModule } from './reflex.js'

export function nativeReflexBinding(module: ReflexModule): ReflexBinding {
  return bindReflex(module, { kind: 'native', poisons: false, panicText: nativePanicText })
}
