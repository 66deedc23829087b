import process from 'node:process'
import type { Command } from 'commander'
import { canonical } from '../../node/study/header.js'
import { define, outOf } from '../command.js'
import { loadSolver } from '../core.js'
import { usage } from '../exit.js'
import { fileStore, memoryStore, serve } from '../interactive/serve.js'
import { exitOfSignal, Interrupt } from '../interrupt.js'
import type { Register } from '../program.js'
import { openStudy } from '../study/access.js'
import { configFrom, type MakeOptions, makeOptions } from '../study/options.js'
import type { Common } from '../ui/out.js'

interface Options extends Common, MakeOptions {
  readonly state?: string
  readonly durable?: boolean
}

const ABOUT = `One request per line on standard input, one answer per line on standard output, and nothing else there:
  {"cmd":"ask","batch":2}    {"params":[{"x":0.4},{"x":0.5}]}
  {"cmd":"tell","results":[{"params":{"x":0.4},"value":0.12},{"params":{"x":0.5},"failed":"why"}]}    {"ok":true}
  {"cmd":"add","results":[{"params":{"x":0.1},"value":0.3}]}    results for points that were not asked for
  {"cmd":"best"}    {"params":{"x":0.4},"value":0.12}
  {"cmd":"status"}  {"cmd":"importance"}  {"cmd":"close"}
Anything else is answered by {"error":{"code":"...","message":"..."}}, and it goes on.
With --state the study is a file: what was answered survives kill -9. With --durable it also survives a power failure.`

export const interactive: Register = (program, end) => {
  const command: Command = define(program, {
    name: 'interactive',
    group: 'Search:',
    summary: 'answer requests of another program: JSON Lines on standard input and output',
    about: ABOUT,
    examples: [
      'homeostat interactive --config tune.json',
      'homeostat interactive --config tune.json --state tune.jsonl --durable',
    ],
  })
    .option('--state <file>', 'keep the study in this file, and go on with what it has')
    .option('--durable', 'force results to the disk before they are acknowledged')
  makeOptions(command).action(async (options: Options) => {
    if (options.config === '-') throw usage('--config - cannot be used here: standard input brings the requests')
    if (options.durable === true && options.state === undefined)
      throw usage('--durable needs --state, the file to be durable in')
    const config = configFrom(options)
    if (config === undefined && options.state === undefined) throw usage('give --config, or --state with a study')
    const out = outOf(options)
    if (process.stdin.isTTY === true) out.note('requests are lines of JSON, such as {"cmd":"ask"}; end with Ctrl-D')
    const interrupt = new Interrupt()
    const { durable = false } = options
    const serving = { input: process.stdin, output: process.stdout, durable, signal: interrupt.signal }
    if (options.state !== undefined) {
      const file = openStudy(options.state, out, options.wait, config)
      file.keepLock()
      try {
        await serve(fileStore(file), serving)
      } finally {
        file.close()
      }
    } else if (config !== undefined) {
      const solver = loadSolver()
      const core = solver.createSolver(JSON.stringify(config))
      core.takeLog()
      await serve(memoryStore(core, canonical(solver, config)), serving)
      core.close()
    }
    interrupt.close()
    if (interrupt.name !== undefined) end(exitOfSignal(interrupt.name))
  })
}
