/**
 * Pictures of a study: `renderStudy(data).html` is a page that stands alone, `.svg('history')` one picture as a file. Plain
 * strings from plain data, the same in every runtime and for the same data always the same.
 */
import { invalid } from '../errors.js'
import { object, onlyKeys } from '../schema/checks.js'
import {
  PLOT_NAMES,
  type PlotName,
  type PlotOptions,
  type PlotTheme,
  type StudyData,
  type StudyPicture,
} from './data.js'
import { page, titleOf } from './page.js'
import { picturesOf } from './pictures.js'
import { prepare } from './study.js'
import { standalone } from './svg.js'

export type {
  PlotDirection,
  PlotKnobKind,
  PlotName,
  PlotOptions,
  PlotScale,
  PlotTheme,
  StudyData,
  StudyKnob,
  StudyPicture,
  StudyTrial,
  TrialState,
} from './data.js'
export { PLOT_NAMES } from './data.js'

const OPTIONS = ['title', 'only', 'theme', 'direction']
const THEMES: readonly PlotTheme[] = ['auto', 'light', 'dark']
/** Width of a picture that is a file of its own, in pixels; with many knobs some are wider. */
const FILE_WIDTH = 960
const HEADINGS: Readonly<Record<PlotName, string>> = {
  history: 'history',
  importance: 'knob importance',
  slices: 'slices',
  parallel: 'parallel coordinates',
}

export function renderStudy(data: StudyData, options: PlotOptions = {}): StudyPicture {
  object('data', data)
  onlyKeys('', object('options', options), OPTIONS)
  const { title: asked, only = PLOT_NAMES, theme = 'auto', direction } = options
  if (asked !== undefined && typeof asked !== 'string') throw invalid('title', 'a string', asked)
  if (!Array.isArray(only)) throw invalid('only', 'an array', only)
  only.forEach((name, i) => {
    known(`only[${i}]`, name)
  })
  if (!THEMES.includes(theme)) throw invalid('theme', `one of ${THEMES.join(', ')}`, theme)
  const study = prepare(data, direction)
  const pictures = picturesOf(study)
  const title = titleOf(asked, data.name)
  let html: string | undefined
  return {
    get html() {
      html ??= page(study, pictures, { title, only: PLOT_NAMES.filter((name) => only.includes(name)), theme })
      return html
    },
    svg: (name) => standalone(pictures.draw(known('name', name), FILE_WIDTH), `${title}: ${HEADINGS[name]}`, theme),
  }
}

function known(option: string, name: unknown): PlotName {
  if (PLOT_NAMES.some((plot) => plot === name)) return name as PlotName
  throw invalid(option, `one of ${PLOT_NAMES.join(', ')}`, name)
}
