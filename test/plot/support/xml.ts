/** A small strict parser: what it takes is well-formed XML, or HTML that closes what it opens. */

export interface Element {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly (Element | string)[]
}

const VOID = new Set(['meta', 'link'])
const RAW = new Set(['script', 'style'])
const ENTITY = /&(?:amp|lt|gt|quot|#39);/g
const NAMES: Readonly<Record<string, string>> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" }
// biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 forbids them
const ILLEGAL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Cs}/u

function plain(text: string): string {
  const bare = text.replace(ENTITY, '')
  if (/[&<]/.test(bare)) throw new Error(`an unescaped sign in ${JSON.stringify(text.slice(0, 200))}`)
  return text.replace(ENTITY, (entity) => NAMES[entity] as string)
}

export function parse(source: string, html = false): Element {
  if (ILLEGAL.test(source)) throw new Error('a character that XML does not allow')
  const text = html ? source.replace(/^<!doctype html>\n/, '') : source
  const root: { name: string; attributes: Record<string, string>; children: (Element | string)[] } = {
    name: '',
    attributes: {},
    children: [],
  }
  const open = [root]
  let at = 0
  while (at < text.length) {
    const top = open.at(-1) as typeof root
    if (html && RAW.has(top.name)) {
      // Not by way of toLowerCase, which makes some letters longer and moves what follows them.
      const end = text.slice(at).search(new RegExp(`</${top.name}`, 'i'))
      if (end < 0) throw new Error(`<${top.name}> is not closed`)
      top.children.push(text.slice(at, at + end))
      at += end
    }
    const next = text.indexOf('<', at)
    const before = text.slice(at, next < 0 ? text.length : next)
    if (before !== '') top.children.push(plain(before))
    if (next < 0) break
    const tag = /^<(\/?)([a-z][\w-]*)((?:\s+[\w:-]+(?:="[^"<]*")?)*)\s*(\/?)>/i.exec(text.slice(next, next + 400_000))
    if (!tag) throw new Error(`no tag at ${JSON.stringify(text.slice(next, next + 80))}`)
    const [all, closing, name, rest, empty] = tag as unknown as [string, string, string, string, string]
    at = next + all.length
    if (closing) {
      if (top.name !== name) throw new Error(`</${name}> closes <${top.name}>`)
      open.pop()
      continue
    }
    const attributes: Record<string, string> = {}
    for (const [, key, value] of rest.matchAll(/([\w:-]+)(?:="([^"]*)")?/g)) {
      if (value === undefined && !html) throw new Error(`${key} has no value`)
      if (Object.hasOwn(attributes, key as string)) throw new Error(`${key} is there twice`)
      attributes[key as string] = plain(value ?? '')
    }
    const element = { name, attributes, children: [] }
    top.children.push(element)
    if (!empty && !(html && VOID.has(name))) open.push(element)
  }
  if (open.length !== 1) throw new Error(`<${open.at(-1)?.name}> is not closed`)
  const found = root.children.filter((child): child is Element => typeof child !== 'string')
  if (found.length !== 1) throw new Error('not exactly one root')
  return found[0] as Element
}

/** The element and all under it. */
export function* all(element: Element): Generator<Element> {
  yield element
  for (const child of element.children) if (typeof child !== 'string') yield* all(child)
}

/** All text under an element. */
export const textOf = (element: Element): string =>
  element.children.map((child) => (typeof child === 'string' ? child : textOf(child))).join('')
