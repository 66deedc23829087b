/** Any study whatever gives pictures that are well-formed, finite, within their boxes, and always the same. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PLOT_NAMES, renderStudy, type StudyData } from '../../ts/plot/index.js'
import { outside } from './support/marks.js'
import { all, parse } from './support/xml.js'

const name = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constant('__proto__'),
)
const finite = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: -1000, max: 1000 }),
  fc.constantFrom(Number.MAX_VALUE, -Number.MAX_VALUE, Number.MIN_VALUE, 0, -0, 1e300, 1 + 2 ** -52),
)
const bounds = fc.tuple(finite, finite).map(([a, b]) => ({ min: Math.min(a, b), max: Math.max(a, b) }))
const positive = fc
  .tuple(
    fc.double({ min: Number.MIN_VALUE, noNaN: true, noDefaultInfinity: true }),
    fc.double({ min: 1e-3, max: 1e9, noNaN: true }),
  )
  .map(([a, b]) => ({ min: Math.min(a, b), max: Math.max(a, b) }))
const numeric = fc.constantFrom('number', 'integer', 'duration', 'bytes')
const knob = fc.oneof(
  fc.record({ name, kind: numeric, scale: fc.constantFrom('linear', 'periodic'), bounds }),
  fc.record({ name, kind: numeric, scale: fc.constant('log'), bounds: positive }),
  fc.record({ name, kind: fc.constant('boolean') }),
  fc.record({
    name,
    kind: fc.constant('choice'),
    choices: fc.array(fc.oneof(name, finite, fc.boolean()), { minLength: 1, maxLength: 80 }),
  }),
)
const value = fc.oneof(finite, fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, undefined, 7))
const setting = fc.oneof(finite, fc.double(), name, fc.boolean(), fc.constantFrom(null, undefined, {}, []))

const study: fc.Arbitrary<StudyData> = fc
  .record({
    name,
    direction: fc.constantFrom('minimize', 'maximize'),
    knobs: fc.array(knob, { maxLength: 9 }),
    count: fc.integer({ min: 0, max: 40 }),
  })
  .chain(({ count, knobs, ...rest }) =>
    fc
      .record({
        trials: fc.array(
          fc.record({
            trial: fc.oneof({ weight: 9, arbitrary: fc.nat(1e6) }, fc.double()),
            state: fc.constantFrom('complete', 'complete', 'complete', 'failed', 'pruned', 'open'),
            values: fc.array(setting, { minLength: knobs.length, maxLength: knobs.length }),
            value,
            margin: fc.oneof(fc.constant(undefined), fc.double()),
            reason: fc.oneof(fc.constant(undefined), name),
            added: fc.boolean(),
          }),
          { minLength: count, maxLength: count },
        ),
        importance: fc.oneof(
          fc.constant(undefined),
          fc.dictionary(fc.constantFrom('', ...knobs.map(({ name }) => name)), fc.double()),
        ),
        best: fc.oneof(fc.constant(undefined), fc.record({ trial: fc.nat(9), value: fc.double() })),
      })
      .map(
        ({ trials, ...more }) =>
          ({
            ...rest,
            ...more,
            knobs: knobs.map((knob) => ('bounds' in knob ? { ...knob, ...knob.bounds } : knob)),
            trials: trials.map(({ values, ...trial }) => ({
              ...trial,
              params: Object.fromEntries(knobs.map(({ name }, i) => [name, values[i]])),
            })),
          }) as StudyData,
      ),
  )

test('any study', () => {
  fc.assert(
    fc.property(study, (data) => {
      const picture = renderStudy(data)
      for (const plot of PLOT_NAMES) {
        const text = picture.svg(plot)
        const svg = parse(text.trimEnd())
        expect(outside(svg)).toEqual([])
        for (const { attributes } of all(svg)) {
          const drawn = Object.entries(attributes).filter(([key]) => !/^(?:aria-label|data-name)$/.test(key))
          expect(drawn.map(([, value]) => value).join(' ')).not.toMatch(/NaN|Infinity|undefined/)
        }
        expect(renderStudy(data).svg(plot)).toBe(text)
      }
      const page = parse(picture.html.trimEnd(), true)
      for (const element of all(page)) if (element.name === 'svg') expect(outside(element)).toEqual([])
    }),
    { numRuns: Number(process.env.HOMEOSTAT_PLOT_RUNS ?? 60) },
  )
})
