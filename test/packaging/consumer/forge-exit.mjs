// A process that ends with status 7 so many milliseconds after a search began, and closes nothing.
import { blueprint, forge } from 'homeostat/forge'

const f = await forge({ sampling: 0 })
const kernels = [blueprint.matmul({ m: 128, n: 128, k: 128 }).bias().gelu(), blueprint.softmax({ shape: [64, 256] })]
for (const kernel of kernels) await f.kernel(kernel)
setTimeout(() => process.exit(7), Number(process.argv[2]))
