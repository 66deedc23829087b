/**
 * Obeys the control file from a thread of its own, so that `off` holds while the event loop is blocked.
 *
 * The thread polls the file and, when it says `off`, writes the initial values into the shared cell itself, as a new generation;
 * the owner thread notices at its next tick and tells the core. The thread holds no other state, cannot keep the process
 * alive, and sleeps on a shared word that `close()` wakes.
 *
 * It is started from source text, as a function's, so that it needs no file beside a bundle: both functions below refer to
 * nothing but their arguments and globals.
 */
import { readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { CONTROL_FREEZE, CONTROL_OFF, CONTROL_ON, SIGNAL_BITS } from '../binding.js'
import type { ControlWatcher } from '../host.js'
import { writeCell } from '../memory/cell.js'
import {
  type Memory,
  WORD_CONTROL,
  WORD_CONTROL_SAID,
  WORD_CONTROL_UNREADABLE,
  WORD_SEQUENCE,
  WORD_STAMP,
  WORD_STOP,
} from '../memory/layout.js'

const POLL_MS = 100
const SPINS = 1 << 20

interface WatcherData {
  readonly path: string
  readonly words: Int32Array
  readonly initial: Float64Array
  readonly live: Float64Array
  readonly halves: Int32Array
  readonly at: Record<'control' | 'said' | 'unreadable' | 'sequence' | 'stamp' | 'stop', number>
  readonly shift: number
  readonly off: number
  readonly pollMs: number
  readonly spins: number
}

/** The word in a control file: 0 on, 1 freeze, 2 off; -1 where the present word holds. A missing file says `on`. */
export function readWord(path: string, read: (path: string) => string): number {
  let text = ''
  try {
    text = read(path).slice(0, 64).trim().toLowerCase()
  } catch (error) {
    return (error as { code?: string }).code === 'ENOENT' ? 0 : -1
  }
  // A file that is being rewritten is empty for a moment: that is no word.
  return text === 'on' ? 0 : text === 'freeze' ? 1 : text === 'off' ? 2 : text === '' ? -2 : -1
}

function watch(
  data: WatcherData,
  word: (path: string, read: (path: string) => string) => number,
  write: typeof writeCell,
  read: (path: string) => string,
): void {
  const { words, at, initial } = data
  const stage = new Float64Array(1 + initial.length)
  const stageHalves = new Int32Array(stage.buffer)
  let pending = false
  while (Atomics.load(words, at.stop) === 0) {
    const now = word(data.path, read)
    if (now === -1) Atomics.add(words, at.unreadable, 1)
    if (now >= 0 && now !== Atomics.load(words, at.control)) {
      // The word first: from here on the owner's own values are refused by the cell.
      Atomics.store(words, at.control, now)
      Atomics.or(words, at.said, 1 << now)
      pending = now === data.off
    }
    if (pending) {
      stage.set(initial, 1)
      stage[0] = 0
      const given = write(
        words,
        data.live,
        data.halves,
        stage,
        stageHalves,
        at.sequence,
        at.stamp,
        data.shift,
        -1,
        0,
        data.spins,
      )
      pending = given < 0
    }
    Atomics.wait(words, at.stop, 0, data.pollMs)
  }
}

const SOURCE = `
const { workerData } = require('node:worker_threads')
const { readFileSync } = require('node:fs')
const word = ${readWord.toString()}
const write = ${writeCell.toString()}
const watch = ${watch.toString()}
watch(workerData, word, write, (path) => readFileSync(path, 'utf8'))
`

export function watchControlFile(path: string, memory: Memory): ControlWatcher {
  const data: WatcherData = {
    path,
    words: memory.words,
    initial: memory.initial,
    live: memory.live,
    halves: memory.halves,
    at: {
      control: WORD_CONTROL,
      said: WORD_CONTROL_SAID,
      unreadable: WORD_CONTROL_UNREADABLE,
      sequence: WORD_SEQUENCE,
      stamp: WORD_STAMP,
      stop: WORD_STOP,
    },
    shift: SIGNAL_BITS,
    off: CONTROL_OFF,
    pollMs: POLL_MS,
    spins: SPINS,
  }
  const worker = new Worker(SOURCE, {
    eval: true,
    name: 'homeostat-control',
    workerData: data,
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4, stackSizeMb: 1 },
  })
  worker.unref()
  const exited = new Promise<void>((resolve) => {
    worker.once('exit', () => resolve())
    // The file can no longer be watched: the owner hears of it as of a file that cannot be read.
    worker.once('error', () => {
      Atomics.add(memory.words, WORD_CONTROL_UNREADABLE, 1)
      resolve()
    })
  })
  return {
    async close(timeoutMs) {
      Atomics.store(memory.words, WORD_STOP, 1)
      Atomics.notify(memory.words, WORD_STOP)
      const timer = setTimeout(() => void worker.terminate(), timeoutMs)
      timer.unref()
      worker.ref()
      await exited
      clearTimeout(timer)
    },
  }
}

/** The file's word now; undefined where the present word holds. */
export function readControlFile(path: string): number | undefined {
  const word = readWord(path, (file) => readFileSync(file, 'utf8'))
  return word === CONTROL_ON || word === CONTROL_FREEZE || word === CONTROL_OFF ? word : undefined
}
