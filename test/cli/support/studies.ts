/** Studies that tests begin with. */
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { folder } from '../../support/folder.js'
import { homeostat } from './cli.js'

export const SQUARE = { seed: 5, bounds: { x: { min: 0, max: 1 }, y: { min: 0, max: 1 } } }
export const SMALL = { bounds: { n: { kind: 'integer', min: 1, max: 3 }, c: { kind: 'choice', choices: ['a', 'b'] } } }

export interface Place {
  readonly cwd: string
  path(name: string): string
  /** Writes an executable script. */
  script(name: string, body: string): string
}

/** A folder with a configuration `c.json`. */
export function workplace(config: object = SQUARE): Place {
  const cwd = folder()
  const path = (name: string): string => join(cwd, name)
  writeFileSync(path('c.json'), JSON.stringify(config))
  return {
    cwd,
    path,
    script(name, body) {
      writeFileSync(path(name), `#!/bin/sh\n${body}\n`)
      chmodSync(path(name), 0o755)
      return path(name)
    },
  }
}

/** A study `s.jsonl` with trials 0 to `count` - 1 told, the values falling to 1. */
export async function toldStudy(count: number, config: object = SQUARE): Promise<Place> {
  const place = workplace(config)
  const results = Array.from({ length: count }, (_, trial) => ({ trial, value: count - trial }))
  const requests = [
    { cmd: 'ask', batch: count, trials: true },
    { cmd: 'tell', results },
  ]
  const { out } = await homeostat(['interactive', '--config', 'c.json', '--state', 's.jsonl'], {
    cwd: place.cwd,
    input: requests.map((request) => JSON.stringify(request)).join('\n'),
  })
  if (!out.endsWith('{"ok":true}\n')) throw new Error(`the study could not be made: ${out}`)
  return place
}
