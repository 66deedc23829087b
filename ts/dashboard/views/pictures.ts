/** What the charts of a tuner show: the objective with its confidence, and a knob within its guardrail band. */
import { padded, type Scale, scale } from '../../plot/scale.js'
import type { Change, KnobState } from '../../server/api/state.js'
import { bandOf } from '../../tuner/scale.js'
import { ProblemError } from '../api/client.js'
import type { Mark, Picture } from '../chart/chart.js'
import { movingMean } from '../chart/confidence.js'
import { type Columns, decimate, extent, nearest, type Rows } from '../chart/decimate.js'
import { area, type Frame, line, type Palette, type Place, rule } from '../chart/paint.js'
import type { Span } from '../chart/span.js'
import type { Track } from '../chart/track.js'
import { changeWord, clock, knobValue, number, toneOf } from '../format.js'

/** Rows that the moving mean is over. */
const WIDTH = 40

abstract class Tracked implements Pick<Picture, 'need' | 'empty' | 'times'> {
  protected readonly track: Track
  protected readonly span: Span

  constructor(track: Track, span: Span) {
    this.track = track
    this.span = span
  }

  need(fromMs: number, toMs: number, width: number): void {
    this.track.need(fromMs, toMs, width, this.span.firstMs, this.span.lastMs)
  }

  empty(): string {
    const { error, loading } = this.track
    if (error !== undefined) return error instanceof ProblemError ? `History: ${error.problem.title}` : String(error)
    return loading ? 'Loading history …' : 'Nothing in this stretch of time. Press 0 to see everything.'
  }

  protected rows(i: number): Rows | undefined {
    return this.track.rows(this.track.series[i] as string, this.span.fromMs, this.span.toMs)
  }

  times(): Float64Array | undefined {
    return this.rows(0)?.at
  }
}

export class ObjectivePicture extends Tracked implements Picture {
  changes: readonly Change[] = []
  #of: Rows | undefined
  #moving: Rows | undefined

  #mean(rows: Rows): Rows {
    if (this.#of !== rows) {
      this.#of = rows
      this.#moving = movingMean(rows, WIDTH)
    }
    return this.#moving as Rows
  }

  scale(fromMs: number, toMs: number): Scale | undefined {
    const rows = this.rows(0)
    const found = rows && extent(rows, fromMs, toMs)
    if (rows === undefined || found === undefined) return undefined
    // Spikes are drawn as far as they go, but the axis is for what usually happens.
    const mean = extent(this.#mean(rows), fromMs, toMs) ?? found
    const low = Math.min(mean.low, Math.max(found.low, mean.low - (mean.high - mean.low)))
    const high = Math.max(mean.high, Math.min(found.high, mean.high + 2 * (mean.high - mean.low)))
    return padded(scale(low, high), 0.06)
  }

  draw(c: CanvasRenderingContext2D, frame: Frame, y: Place, { fromMs, toMs }: Span, palette: Palette): void {
    const rows = this.rows(0)
    if (rows === undefined) return
    const raw = decimate(rows, fromMs, toMs, frame.width)
    area(c, frame, raw, y, palette.faint)
    if (raw.n < frame.width) line(c, frame, raw, y, { colour: palette.faint, width: 1 })
    const mean = decimate(this.#mean(rows), fromMs, toMs, frame.width)
    area(c, frame, mean, y, palette.band)
    line(c, frame, mean, y, { colour: palette.line, width: 2 })
  }

  read(atMs: number): string {
    const rows = this.rows(0)
    const i = rows === undefined ? -1 : nearest(rows.at, atMs)
    if (rows === undefined || i < 0) return ''
    const mean = this.#mean(rows)
    const [m, low, high] = [mean.mean[i], mean.min[i], mean.max[i]].map((one) => number(one)) as [
      string,
      string,
      string,
    ]
    return `${clock(rows.at[i] as number)} · ${number(rows.mean[i])} · mean ${m}, ${low} to ${high} with 95 % confidence`
  }

  marks(): readonly Mark[] {
    const shown = ['regression', 'safeMode', 'rolledBack', 'drift', 'recovered', 'mode', 'control']
    return this.changes.filter(({ type }) => shown.includes(type)).map(markOf)
  }
}

export class KnobPicture extends Tracked implements Picture {
  knob: KnobState
  /** Largest step of one update, as a share of the range. */
  step = 0
  changes: readonly Change[] = []
  #bands = new WeakMap<Rows, Rows>()

  constructor(track: Track, span: Span, knob: KnobState) {
    super(track, span)
    this.knob = knob
  }

  /** Where one update may bring the value, over time. */
  #band(baselines: Rows): Rows {
    const known = this.#bands.get(baselines)
    if (known !== undefined) return known
    const n = baselines.at.length
    const band = { at: baselines.at, min: new Float64Array(n), max: new Float64Array(n), mean: baselines.mean }
    for (let i = 0; i < n; i++) {
      band.min[i] = bandOf(this.knob, baselines.min[i] as number, this.step).low
      band.max[i] = bandOf(this.knob, baselines.max[i] as number, this.step).high
    }
    this.#bands.set(baselines, band)
    return band
  }

  scale(fromMs: number, toMs: number): Scale | undefined {
    const rows = this.rows(0)
    const baselines = this.rows(1)
    const found = rows && extent(rows, fromMs, toMs)
    if (found === undefined) return undefined
    const band = baselines && extent(this.#band(baselines), fromMs, toMs)
    const { min, max, scale: kind } = this.knob
    const log = kind === 'log'
    const [low, high] = [Math.min(found.low, band?.low ?? found.low), Math.max(found.high, band?.high ?? found.high)]
    const { low: from, high: to } = padded(scale(low, high, log), 0.08)
    return scale(Math.max(min, from), Math.min(max, to), log)
  }

  draw(c: CanvasRenderingContext2D, frame: Frame, y: Place, { fromMs, toMs }: Span, palette: Palette): void {
    const [rows, baselines] = [this.rows(0), this.rows(1)]
    const { left, width } = frame
    const { initial, certified } = this.knob
    if (baselines !== undefined) {
      const band: Columns = decimate(this.#band(baselines), fromMs, toMs, width)
      area(c, frame, band, y, palette.band)
      line(c, frame, band, y, { colour: palette.soft, dash: [1, 3] })
    }
    rule(c, left, y(initial), left + width, y(initial), { colour: palette.other, dash: [6, 4] })
    if (certified !== null)
      rule(c, left, y(certified), left + width, y(certified), { colour: palette.good, dash: [2, 4] })
    if (rows === undefined) return
    const columns = decimate(rows, fromMs, toMs, width)
    if (columns.n >= width) area(c, frame, columns, y, palette.faint)
    line(c, frame, columns, y, { colour: palette.line, width: 2, steps: columns.n < width })
  }

  read(atMs: number): string {
    const [rows, baselines] = [this.rows(0), this.rows(1)]
    const i = rows === undefined ? -1 : nearest(rows.at, atMs)
    if (rows === undefined || i < 0) return ''
    const at = `${clock(rows.at[i] as number)} · ${knobValue(this.knob, rows.mean[i])}`
    const j = baselines === undefined ? -1 : nearest(baselines.at, atMs)
    if (baselines === undefined || j < 0) return at
    const { low, high } = bandOf(this.knob, baselines.mean[j] as number, this.step)
    return `${at} · next step ${knobValue(this.knob, low)} to ${knobValue(this.knob, high)}`
  }

  marks(): readonly Mark[] {
    const { name } = this.knob
    return this.changes
      .filter(({ knobs, kind }) => kind !== 'probe' && knobs.some((one) => one.name === name))
      .map(markOf)
  }
}

const markOf = (change: Change): Mark => ({
  atMs: change.atMs,
  tone: toneOf(change.type),
  text: `${changeWord(change.type)} (${change.seq})`,
})
