import { hashFiles } from '../paths.mjs'
import { step } from '../progress.mjs'
import { isCurrent, writeStamp } from '../stamps.mjs'
import { dashboard } from './dashboard.mjs'
import { demo } from './demo.mjs'
import { forgeNative } from './forge-native.mjs'
import { native } from './native.mjs'
import { ts } from './ts.mjs'
import { wasm } from './wasm.mjs'
import { wasmForge } from './wasm-forge.mjs'
import { wasmReflex } from './wasm-reflex.mjs'
import { wasmSolver } from './wasm-solver.mjs'

/**
 * In the order in which one needs the other. A part names its inputs (its own recipe is one too), the program that makes it (`tool`) and its outputs;
 * it is stale when a content or the tool changed, or an output is gone.
 */
export const PARTS = {
  native,
  'forge-native': forgeNative,
  wasm,
  'wasm-solver': wasmSolver,
  'wasm-reflex': wasmReflex,
  'wasm-forge': wasmForge,
  dashboard,
  ts,
  demo,
}

/** What the demonstrations need: they have no kernels, and the forge's add-on takes minutes to compile. */
export const DEMO_PARTS = Object.keys(PARTS).filter((part) => part !== 'forge-native')

/** Builds what is stale. Says nothing where nothing is. */
export async function build({ rust, only = Object.keys(PARTS) }) {
  for (const name of Object.keys(PARTS).filter((part) => only.includes(part))) {
    const part = PARTS[name]
    const tool = part.tool === 'rust' ? `rust ${rust.version} ${process.platform}-${process.arch}` : 'node'
    const key = hashFiles([...part.inputs, `scripts/lib/build/${name}.mjs`], tool)
    if (isCurrent(`build-${name}`, key, part.outputs())) continue
    await step(part.title, (note) => part.build({ rust, note }))
    writeStamp(`build-${name}`, { key })
  }
}
