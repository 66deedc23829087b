/** Studies that tests begin with. */
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { StudyConfig } from '../../../ts/binding.js'
import { loadSolver } from '../../../ts/cli/core.js'
import { StudyFile } from '../../../ts/node/study/study-file.js'
import { folder } from '../../support/folder.js'

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
export async function toldStudy(count: number, config: StudyConfig = SQUARE): Promise<Place> {
  const place = workplace(config)
  const file = new StudyFile(place.path('s.jsonl'), { binding: loadSolver(), config })
  const values = new Float64Array(file.knobs.length)
  file.change((core) => {
    for (let trial = 0; trial < count; trial++) core.ask(values)
    for (let trial = 0; trial < count; trial++) core.tell(trial, 0, count - trial, Number.NaN, '')
  }, false)
  file.close()
  return place
}
