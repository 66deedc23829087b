import { hashFiles } from '../paths.mjs'
import { step } from '../progress.mjs'
import { isCurrent, writeStamp } from '../stamps.mjs'
import { native } from './native.mjs'
import { wasm } from './wasm.mjs'

/** In the order in which one needs the other. */
export const PARTS = { native, wasm }

/** Builds what is stale. Says nothing where nothing is. */
export async function build({ rust, only = Object.keys(PARTS) }) {
  for (const name of Object.keys(PARTS).filter((part) => only.includes(part))) {
    const part = PARTS[name]
    const key = () => hashFiles(part.inputs, `${rust.version} ${process.platform}-${process.arch}`)
    if (isCurrent(`build-${name}`, key(), part.outputs())) continue
    const before = key()
    await step(part.title, (note) => part.build({ rust, note }))
    writeStamp(`build-${name}`, { key: before })
  }
}
