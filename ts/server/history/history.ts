/**
 * What happened, as series over time, thinned out to what a screen can show: the least, the greatest and the mean of each bucket,
 * so that no spike is lost however far one looks back.
 */
import { array, integer, maybe, number, type Of, object, oneOfWords, record, text } from '../schema/schema.js'

export const BUCKETS_MAX = 4096
export const SERIES_MAX = 64

export interface RangeQuery {
  /** Names of series; those that are not known are left out. */
  readonly series: readonly string[]
  /** Milliseconds since 1970, both included. */
  readonly fromMs: number
  readonly toMs: number
  /** At most so many buckets. */
  readonly buckets: number
}

const bucket = object({ min: array(maybe('')), max: array(maybe('')), mean: array(maybe('')) })
export const range = object({
  fromMs: number(),
  toMs: number(),
  points: integer('Points within the range, before they were thinned out.'),
  resolution: oneOfWords(['points', 'buckets'], '`points`: nothing was left out.'),
  bucketMs: maybe('Width of a bucket; null for points.'),
  atMs: array(number(), 'Of the first point of each bucket; empty buckets are left out.'),
  series: record(bucket, 'By name; null where nothing is known.'),
})
export const seriesList = object({
  series: array(text()),
  firstMs: maybe('Of the first point that is still there.'),
  lastMs: maybe('Of the last point.'),
  points: integer('Points that are still there.'),
})
export type Range = Of<typeof range>
export type SeriesList = Of<typeof seriesList>

/** Where history is kept: in memory, or in a store. */
export interface History {
  list(): SeriesList | Promise<SeriesList>
  range(query: RangeQuery): Range | Promise<Range>
}
