/** All pictures of one study, drawn when asked for. */
import type { PlotName } from './data.js'
import { history } from './history.js'
import { importance } from './importance.js'
import { parallel } from './parallel.js'
import { type Slices, slices } from './slices.js'
import type { Study } from './study.js'
import type { Drawing } from './svg.js'
import { valueAxis } from './value-axis.js'

export interface Pictures {
  draw(name: PlotName, width: number): Drawing
  readonly slices: Slices
}

export function picturesOf(study: Study): Pictures {
  const axis = valueAxis(study)
  const panels = slices(study, axis)
  const draw: Readonly<Record<PlotName, (width: number) => Drawing>> = {
    history: (width) => history(study, axis, width),
    importance: (width) => importance(study, width),
    slices: (width) => panels.sheet(width),
    parallel: (width) => parallel(study, axis, width),
  }
  return { draw: (name, width) => draw[name](width), slices: panels }
}
