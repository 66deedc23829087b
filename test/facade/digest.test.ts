import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Digest, decodeDigest, encodeDigest, ready } from '../../ts/entries/node.js'

beforeAll(() => ready())

const digest: Digest = {
  timestampUs: 1_000_000,
  generation: 7,
  samples: 12,
  objective: 1.5,
  latencyP99Us: 1234,
  constraintMargin: -0.5,
}
const code = (pattern: RegExp) => expect.objectContaining({ code: expect.stringMatching(pattern) })

test('is 64 bytes and reads back, absent fields absent', () => {
  const bytes = encodeDigest(digest)
  expect(bytes).toHaveLength(64)
  expect(decodeDigest(bytes)).toEqual(digest)
})

test('every digest reads back', () => {
  const finite = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e12, max: 1e12 })
  const positive = fc.double({ noNaN: true, min: 0, max: 1e9 })
  fc.assert(
    fc.property(
      fc.record(
        {
          timestampUs: fc.nat(),
          generation: fc.nat(),
          samples: fc.nat(),
          objective: finite,
          latencyP99Us: positive,
          throughputRps: positive,
          errorRate: fc.double({ noNaN: true, min: 0, max: 1 }),
          constraintMargin: finite,
        },
        { requiredKeys: ['timestampUs', 'generation', 'samples', 'objective'] },
      ),
      (any) => {
        const back = decodeDigest(encodeDigest(any as Digest))
        expect(Object.keys(back).sort()).toEqual(Object.keys(any).sort())
        for (const [key, value] of Object.entries(any))
          expect(back[key as keyof Digest]).toBeCloseTo(value as number, 9)
      },
    ),
  )
})

describe('bytes that are no digest', () => {
  test.each(Array.from({ length: 130 }, (_, n) => n).filter((n) => n !== 64))('%i bytes', (length) => {
    expect(() => decodeDigest(new Uint8Array(length))).toThrow(code(/^HOMEOSTAT_DIGEST_LENGTH$/))
  })

  test('every other version', () => {
    const bytes = encodeDigest(digest)
    const right = bytes[0] as number
    for (let version = 0; version < 256; version++) {
      if (version === right) continue
      const other = bytes.slice()
      other[0] = version
      expect(() => decodeDigest(other)).toThrow(code(/^HOMEOSTAT_DIGEST_/))
    }
  })

  test('random bytes are refused with a code, or are a digest that encodes to the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), fc.boolean(), (bytes, keepHead) => {
        if (keepHead) bytes.set(encodeDigest(digest).subarray(0, 4))
        let decoded: Digest
        try {
          decoded = decodeDigest(bytes)
        } catch (error) {
          expect((error as { code: string }).code).toMatch(/^HOMEOSTAT_DIGEST_/)
          return
        }
        expect(encodeDigest(decoded)).toEqual(bytes)
      }),
      { numRuns: 2000 },
    )
  })

  test('something else than bytes', () => {
    expect(() => decodeDigest('x' as never)).toThrow(code(/INVALID_OPTION/))
    expect(() => encodeDigest({ ...digest, objective: 'x' } as never)).toThrow(code(/INVALID_OPTION/))
    expect(() => encodeDigest({ ...digest, latency: 1 } as never)).toThrow(code(/UNKNOWN_OPTION/))
    expect(() => encodeDigest({ ...digest, objective: Number.NaN })).toThrow(code(/^HOMEOSTAT_DIGEST_/))
    expect(() => encodeDigest({ ...digest, errorRate: 2 })).toThrow(code(/^HOMEOSTAT_DIGEST_/))
  })
})
