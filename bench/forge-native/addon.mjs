// The forge's own add-on, as the build leaves it: for what is no part of the façade.
import { createRequire } from 'node:module'
import { forgeNativeFile } from '../../scripts/lib/build/forge-native.mjs'

export const addon = createRequire(import.meta.url)(forgeNativeFile())

export const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]
