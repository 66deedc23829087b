/**
 * What a picture of a study is drawn from: plain data, so that a study of any optimiser can be drawn. Numbers that are not
 * finite count as missing; nothing here has to be clean but the knobs.
 */

export type PlotKnobKind = 'number' | 'integer' | 'boolean' | 'choice' | 'duration' | 'bytes'
export type PlotScale = 'linear' | 'log' | 'periodic'
export type PlotDirection = 'minimize' | 'maximize'
export type TrialState = 'complete' | 'failed' | 'pruned' | 'open'
export type PlotTheme = 'auto' | 'light' | 'dark'

/** The pictures, in the order in which the page shows them. */
export const PLOT_NAMES = ['history', 'importance', 'slices', 'parallel'] as const
export type PlotName = (typeof PLOT_NAMES)[number]

export interface StudyKnob {
  readonly name: string
  /** Default `number`. Durations are in milliseconds, bytes in bytes. */
  readonly kind?: PlotKnobKind | undefined
  /** Default `linear`. Ignored for booleans and choices. */
  readonly scale?: PlotScale | undefined
  /** Finite, in the knob's unit. Not needed for booleans and choices. */
  readonly min?: number | undefined
  /** Finite, above `min`. */
  readonly max?: number | undefined
  /** The options of a choice, 1 to 1024. */
  readonly choices?: readonly (string | number | boolean)[] | undefined
  /** Shown behind the name; for durations `ms` and for bytes `B` by default. */
  readonly unit?: string | undefined
}

export interface StudyTrial {
  /** Its number; trials are drawn in this order. */
  readonly trial: number
  readonly state: TrialState
  /** Values by knob name, in knob units; for a choice one of `choices`. */
  readonly params: Readonly<Record<string, unknown>>
  /** The objective. Of a pruned trial: its value so far. */
  readonly value?: number | undefined
  /** The worst constraint's (limit - value) / |limit|: negative where a constraint is broken. */
  readonly margin?: number | undefined
  /** Why it failed. */
  readonly reason?: string | undefined
  /** Added, not asked for: a warm start. */
  readonly added?: boolean | undefined
}

export interface StudyData {
  readonly name?: string | undefined
  readonly direction: PlotDirection
  readonly knobs: readonly StudyKnob[]
  readonly trials: readonly StudyTrial[]
  /** The solver's incumbent with its honest value; by default the best complete trial that breaks no constraint. */
  readonly best?: { readonly trial: number; readonly value: number } | undefined
  /** Importance by knob name, 0 or more. */
  readonly importance?: Readonly<Record<string, number>> | undefined
}

export interface PlotOptions {
  /** Heading of the page. Default: the study's name, or `Study`. */
  readonly title?: string | undefined
  /** Which pictures the page shows. Default: all of {@link PLOT_NAMES}. */
  readonly only?: readonly PlotName[] | undefined
  /** Default `auto`: as the reader's system is set. */
  readonly theme?: PlotTheme | undefined
  /** In place of the study's own direction. */
  readonly direction?: PlotDirection | undefined
}

export interface StudyPicture {
  /** A page that stands alone: it loads nothing, and its content security policy lets nothing but its own script run. */
  readonly html: string
  /** One picture as a file of its own. Throws `HOMEOSTAT_INVALID_OPTION` for a name that is not in {@link PLOT_NAMES}. */
  svg(name: PlotName): string
}
