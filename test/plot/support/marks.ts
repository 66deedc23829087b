/** What of a picture lies outside of its view box. */
import { widthOf } from '../../../ts/plot/text.js'
import { all, type Element, textOf } from './xml.js'

/** Half a stroke may stand over. */
const SLACK = 1.5

/** Corners of everything that a path draws; it knows the commands that the pictures use, and no others. */
export function corners(d: string): [number, number][] {
  const found: [number, number][] = []
  let [x, y] = [0, 0]
  for (const [, command, list] of d.matchAll(/([a-zA-Z])([^a-zA-Z]*)/g)) {
    const numbers = [...(list as string).matchAll(/-?\d*\.?\d+(?:e-?\d+)?/g)].map(Number)
    if (command === 'z') continue
    const pairs = command === 'h' || command === 'v' || command === 'H' || command === 'V' ? 1 : 2
    if (numbers.length === 0 || numbers.length % pairs !== 0 || !/[MLHVmlhv]/.test(command as string)) {
      throw new Error(`path command ${command}${list}`)
    }
    for (let i = 0; i < numbers.length; i += pairs) {
      const [a, b] = [numbers[i] as number, numbers[i + 1] as number]
      if (command === 'M' || command === 'L') [x, y] = [a, b]
      else if (command === 'm' || command === 'l') [x, y] = [x + a, y + b]
      else if (command === 'H') x = a
      else if (command === 'V') y = a
      else if (command === 'h') x += a
      else y += a
      found.push([x, y])
    }
  }
  return found
}

function extent(element: Element): [number, number][] {
  const number = (name: string) => Number(element.attributes[name] ?? 0)
  switch (element.name) {
    case 'circle': {
      const [x, y, r] = [number('cx'), number('cy'), number('r')]
      return [[x - r, y - r], [x + r, y + r]] // biome-ignore format: a box
    }
    case 'rect':
      return [[number('x'), number('y')], [number('x') + number('width'), number('y') + number('height')]] // biome-ignore format: a box
    case 'line':
      return [[number('x1'), number('y1')], [number('x2'), number('y2')]] // biome-ignore format: a box
    case 'path':
      return corners(element.attributes.d as string)
    case 'text': {
      const words = {
        ...element,
        children: element.children.filter((child) => typeof child === 'string' || child.name !== 'title'),
      }
      const size = element.attributes.class === 'heading' ? 18 : element.attributes.class === 'message' ? 15 : 12
      const [x, y, width] = [number('x'), number('y'), widthOf(textOf(words)) * size]
      if (element.attributes.transform) return [[x, y]]
      const left =
        { end: x - width, middle: x - width / 2, start: x }[element.attributes['text-anchor'] ?? 'start'] ?? x
      return [[left, y - size * 0.7], [left + width, y]] // biome-ignore format: a box
    }
    default:
      return []
  }
}

/** One line per element that is not within, or whose numbers are not numbers. */
export function outside(svg: Element): string[] {
  const [left, top, width, height] = (svg.attributes.viewBox as string).split(' ').map(Number) as [
    number,
    number,
    number,
    number,
  ]
  const wrong: string[] = []
  for (const element of all(svg)) {
    const within = extent(element).every(
      ([x, y]) => x >= left - SLACK && y >= top - SLACK && x <= left + width + SLACK && y <= top + height + SLACK,
    )
    if (!within)
      wrong.push(`${element.name} ${JSON.stringify(element.attributes).slice(0, 160)} ${textOf(element).slice(0, 60)}`)
  }
  return wrong
}
