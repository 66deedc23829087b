import { writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { PlotName, PlotTheme, StudyData } from '../../plot/data.js'
import { PLOT_NAMES, renderStudy } from '../../plot/index.js'
import { define, list, outOf } from '../command.js'
import { failure, usage } from '../exit.js'
import type { Register } from '../program.js'
import { type OpenedStudy, readStudy } from '../study/access.js'
import { explain } from '../study/budget.js'
import { trialsOf } from '../study/trials.js'
import type { Common } from '../ui/out.js'

interface Options extends Common {
  readonly out?: string
  readonly only?: string[]
  readonly theme?: PlotTheme
  readonly title?: string
}

export const plot: Register = (program) => {
  const command = define(program, {
    name: 'plot',
    group: 'Studies:',
    summary: 'draw a study: history, importance, slices, parallel coordinates',
    about:
      'A page (.html) stands alone and needs no network. A picture (.svg) is one of them: history, unless --only says another.',
    examples: [
      'homeostat plot tune.jsonl',
      'homeostat plot tune.jsonl --out slices.svg --only slices',
      'homeostat plot tune.jsonl --out tune.html --only history,importance --theme dark',
    ],
  })
  command
    .argument('<study>', 'file of the study')
    .option('-o, --out <file>', 'file to write, .html or .svg; by default tune.html beside tune.jsonl')
    .option('--only <pictures>', `some of ${PLOT_NAMES.join(', ')}`, list)
    .addOption(command.createOption('--theme <theme>', 'colours').choices(['auto', 'light', 'dark']).default('auto'))
    .option('--title <text>', 'heading; by default the name of the study')
    .action((path: string, options: Options) => {
      const out = outOf(options)
      const only = options.only?.map(pictureName)
      const file = options.out ?? pageBeside(path)
      const svg = file.endsWith('.svg')
      if (!svg && !/\.html?$/.test(file)) throw usage(`--out must end in .html or .svg, received ${file}`)
      if (svg && only !== undefined && only.length !== 1) throw usage('an .svg holds one picture: name one with --only')
      const picture = renderStudy(dataOf(readStudy(path)), {
        ...(only === undefined ? {} : { only }),
        ...(options.theme === undefined ? {} : { theme: options.theme }),
        title: options.title,
      })
      try {
        writeFileSync(file, svg ? picture.svg(only?.[0] ?? 'history') : picture.html)
      } catch (error) {
        throw failure('HOMEOSTAT_FILE', `${file} cannot be written: ${(error as Error).message}`, error)
      }
      if (out.json) out.object({ written: file })
      else out.note(`written to ${file}`)
    })
}

/** Never the study itself: its ending is another. */
const pageBeside = (study: string): string => `${study.replace(/\.jsonl?$/, '')}.html`

function pictureName(name: string): PlotName {
  const known = PLOT_NAMES.find((picture) => picture === name)
  if (known === undefined) throw usage(`--only must be some of ${PLOT_NAMES.join(', ')}, received ${name}`)
  return known
}

function dataOf(study: OpenedStudy): StudyData {
  const { best, importance } = explain(study.core)
  return {
    name: basename(study.path).replace(/\.jsonl$/, ''),
    direction: 'minimize',
    knobs: Object.entries(study.config.bounds).map(([name, bound]) => ({ name, ...bound })),
    trials: [...trialsOf(study.core)],
    best: best ?? undefined,
    importance: importance ?? undefined,
  }
}
