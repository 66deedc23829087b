/**
 * Writes to every store that it is told of, as fast as they take it, and says what was acknowledged, until it is killed.
 *
 *     victim.mjs '{"stores": [url], "artifacts": [url], "log": "name"}'
 *
 * Lines of output: `ready`, `log <store> <entries> <hash>`, `item <store> <version>`, `blob <artifacts> <digest>`.
 */
import { randomBytes, randomInt } from 'node:crypto'
import { appendFileSync, writeSync } from 'node:fs'
import { chained } from '../../../ts/storage/conformance/support.js'
import { openArtifacts, openStorage } from '../../../ts/storage/node/index.js'

// For whoever counts the rounds.
if (process.env.HOMEOSTAT_SOAK_COUNT !== undefined) appendFileSync(process.env.HOMEOSTAT_SOAK_COUNT, '.')

const { stores, artifacts, log } = JSON.parse(process.argv[2] ?? '') as Record<string, string[]> & { log: string }
const say = (line: string): void => {
  writeSync(1, `${line}\n`)
}

async function write(url: string, index: number): Promise<void> {
  const storage = await openStorage(url)
  const writer = await storage.journals.open(log)
  say('ready')
  for (;;) {
    const from = writer.head.next
    const entries = Array.from({ length: randomInt(1, 60) }, (_, i) => ({
      event: i === 0 ? 'apply' : 'window',
      seq: from + i,
      text: 'x'.repeat(randomInt(500)),
    }))
    const values = { ttl: from + entries.length }
    const state = { runId: 'run', seq: from, generation: 1, mode: 'auto', control: 'on', values, certified: null, safeMode: null, stopped: false } // biome-ignore format: one line
    const { text } = await chained(entries, writer.head.hash)
    await writer.append(text, { scope: 'victim', id: log, value: state })
    say(`log ${index} ${writer.head.next} ${writer.head.hash}`)
    say(
      `item ${index} ${await storage.kernels.put('victim', log, { blueprint: 'b', state: text, tags: [], seconds: 1 })}`,
    )
  }
}

async function keep(url: string, index: number): Promise<void> {
  const store = await openArtifacts(url)
  say('ready')
  for (;;) say(`blob ${index} ${await store.put(randomBytes(randomInt(200_000)))}`)
}

await Promise.all([...(stores ?? []).map(write), ...(artifacts ?? []).map(keep)])
