/**
 * Shadow evaluation: what the objective would have been at other values of a knob, computed from the same traffic.
 * A recipe is fed by the application and, once per window, asked by the tuner for its candidates' metrics.
 */

/** What a recipe learns about its knob when the tuner is made. */
export interface ShadowContext {
  /** Bounds in the knob's unit. */
  readonly min: number
  readonly max: number
  readonly scale: 'linear' | 'log' | 'periodic'
  /** The tuner's clock. */
  nowUs(): number
}

/** A recipe bound to a knob. */
export interface ShadowSource {
  /** The candidate values, in the knob's unit, constant. */
  readonly values: Float64Array
  /** Names of the user's signals that each candidate replaces, in the order of {@link collect}. */
  readonly replaces: readonly string[]
  /**
   * Writes `values.length * replaces.length` metrics, candidate by candidate, for the window that ends now. False when the
   * window says nothing. Called once per window, allocates nothing.
   */
  collect(nowUs: number, out: Float64Array): boolean
}

export interface ShadowRecipe {
  /** Names the recipe in messages. */
  readonly kind: string
  /** Signals that the recipe replaces: checked against the declared ones. */
  readonly replaces: readonly string[]
  /** Called once, by the tuner that owns the knob. A recipe belongs to one knob. */
  bind(context: ShadowContext): ShadowSource
}
