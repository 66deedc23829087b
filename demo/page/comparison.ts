import type { SecondReport } from '../load/tally.js'
import { type PhaseSpan, phaseSpans } from '../scenario.js'

/** One second of both instances, with the settings that the tuned one had at its end. */
export interface ComparedSecond {
  readonly index: number
  readonly static: SecondReport
  readonly tuned: SecondReport
  readonly ttlMs: number
  readonly lingerMs: number
}

/** Points that a chart of the page gets; of longer runs the mean of several seconds each. */
const POINTS_MAX = 600

/** The comparison as a part of the dashboard: what both cost, over the run and by phase. */
export class Comparison {
  readonly #seconds: ComparedSecond[] = []
  #length = 1
  #phases: readonly PhaseSpan[] = []

  begin(seconds: number): void {
    this.#length = seconds
    this.#phases = phaseSpans(seconds)
  }

  take(second: ComparedSecond): void {
    this.#seconds.push(second)
  }

  /** In the form that the dashboard's `panel` has. */
  get panel() {
    const seconds = this.#seconds
    const stride = Math.max(1, Math.ceil(this.#length / POINTS_MAX))
    const line = (of: 'static' | 'tuned'): number[] => thinned(seconds, stride, (list) => mean(list, of))
    const [fixed, tuned] = [mean(seconds, 'static'), mean(seconds, 'tuned')]
    const done = seconds.length >= this.#length
    const phase = this.#phases.find(({ toMs }) => seconds.length * 1000 < toMs)?.name
    return {
      panel: {
        figures: [
          { label: 'static', value: cost(fixed), note: 'mean cost per second' },
          { label: 'tuned', value: cost(tuned), note: 'mean cost per second' },
          {
            label: 'change',
            value: change(fixed, tuned),
            note: 'lower is better',
            tone: tuned <= fixed ? 'good' : 'bad',
          },
          {
            label: 'run',
            value: `${seconds.length} of ${this.#length} s`,
            note: done ? 'finished; what was learned stays here' : `phase: ${phase ?? ''}`,
          },
        ],
        charts: [
          {
            title: 'Cost per second',
            note: 'the same requests to both, at the same time',
            log: true,
            length: Math.ceil(this.#length / stride),
            stretches: this.#phases.map(({ name, fromMs, toMs }) => ({
              name,
              from: fromMs / 1000 / stride,
              to: toMs / 1000 / stride,
            })),
            lines: [
              { name: 'static', values: line('static'), tone: 'other' },
              { name: 'tuned', values: line('tuned'), tone: 'main' },
            ],
          },
        ],
        tables: [
          {
            title: 'By phase',
            head: ['phase', 'static', 'tuned', 'change'],
            rows: this.#phases.map((one) => this.#row(one)),
          },
        ],
      },
    }
  }

  #row({ name, fromMs, toMs }: PhaseSpan): string[] {
    const list = this.#seconds.filter(({ index }) => index * 1000 >= fromMs && index * 1000 < toMs)
    if (list.length === 0) return [name, '–', '–', '']
    const [fixed, tuned] = [mean(list, 'static'), mean(list, 'tuned')]
    return [name, cost(fixed), cost(tuned), change(fixed, tuned)]
  }
}

const mean = (list: readonly ComparedSecond[], of: 'static' | 'tuned'): number =>
  list.reduce((sum, second) => sum + second[of].cost, 0) / list.length

function thinned(
  seconds: readonly ComparedSecond[],
  stride: number,
  of: (list: readonly ComparedSecond[]) => number,
): number[] {
  const found: number[] = []
  for (let i = 0; i < seconds.length; i += stride) found.push(Number(of(seconds.slice(i, i + stride)).toPrecision(4)))
  return found
}

const cost = (value: number): string => (Number.isFinite(value) ? value.toFixed(value >= 10 ? 1 : 2) : '–')

function change(from: number, to: number): string {
  const percent = Math.round((to / from - 1) * 100)
  if (!Number.isFinite(percent)) return '–'
  return `${percent < 0 ? '−' : percent > 0 ? '+' : '±'}${Math.abs(percent)} %`
}
