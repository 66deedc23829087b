import { describe, expect, it } from 'vitest'
import { OptionError, parseOptions } from './options.js'

describe('options', () => {
  it('have defaults', () => {
    expect(parseOptions([])).toEqual({
      seconds: 60,
      seed: 1,
      port: 0,
      variant: undefined,
      exit: false,
      report: undefined,
      swap: false,
      staticVsStatic: false,
    })
  })
  it('take what they say', () => {
    const args = ['--seconds=5', '--seed', '7', '--port', '8080', '--exit', '--swap', '--report', 'a.json']
    expect(parseOptions(args)).toMatchObject({
      seconds: 5,
      seed: 7,
      port: 8080,
      exit: true,
      swap: true,
      report: 'a.json',
    })
    expect(parseOptions(['--variant', 'tuned'])?.variant).toBe('tuned')
    expect(parseOptions(['--help'])).toBeUndefined()
  })
  it.each([
    [['--seconds', '4'], '--seconds must be a whole number from 5 to 3600, received "4"'],
    [['--seconds', '1e2'], '--seconds must be a whole number from 5 to 3600, received "1e2"'],
    [['--seconds', 'NaN'], 'received "NaN"'],
    [['--seed', '-1'], '--seed'],
    [['--seed', '4294967296'], 'from 0 to 4294967295'],
    [['--port', '65536'], '--port must be a whole number from 0 to 65535, received "65536"'],
    [['--variant', 'both'], '--variant must be static or tuned, received "both"'],
    [['--variant', 'static', '--swap'], '--swap compares two instances'],
    [['--report', ''], '--report must name a file'],
    [['--sekonds', '9'], '--sekonds'],
    [['60'], '60'],
  ])('refuse %j', (args, message) => {
    const attempt = () => parseOptions(args)
    expect(attempt).toThrow(OptionError)
    expect(attempt).toThrow(message)
  })
})
