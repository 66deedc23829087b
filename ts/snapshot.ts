/**
 * Consistent copies of a tuner's values.
 */
import { HomeostatError } from './errors.js'
import type { CellReader } from './memory/cell.js'
import { type KnobShape, typedValues } from './memory/views.js'
import type { KnobSpecs, KnobValues } from './schema/knob.js'

/** All values of one generation. */
export interface Snapshot<K extends KnobSpecs> {
  readonly generation: number
  readonly values: KnobValues<K>
}

export function takeSnapshot<K extends KnobSpecs>(
  name: string,
  knobs: readonly KnobShape[],
  reader: CellReader,
): Snapshot<K> {
  if (!reader.read()) {
    throw new HomeostatError(
      'HOMEOSTAT_SNAPSHOT_BUSY',
      `the configuration of tuner "${name}" stayed locked: a thread died while writing it`,
    )
  }
  return { generation: reader.copy[0] as number, values: typedValues(knobs, reader.copy) as KnobValues<K> }
}
