/**
 * Elements without a framework: made once, then changed only where something differs, so that what a person has focused or selected
 * stays. Every text is set as text; nothing here takes markup.
 */

export type Child = Node | string | number | null | undefined | false
type Listeners = { readonly [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void }

export interface Props {
  readonly class?: string
  readonly text?: string
  readonly on?: Listeners
  /** Everything else is an attribute; false and undefined leave it out. */
  readonly [attribute: string]: unknown
}

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(props)) {
    if (name === 'text') element.textContent = String(value)
    else if (name === 'on') {
      for (const [event, listener] of Object.entries(value as Listeners))
        element.addEventListener(event, listener as EventListener)
    } else attribute(element, name, value)
  }
  append(element, children)
  return element
}

const SVG = 'http://www.w3.org/2000/svg'

export function svg(
  tag: string,
  attributes: Readonly<Record<string, string | number>>,
  ...children: Child[]
): SVGElement {
  const element = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value))
  append(element, children)
  return element
}

export function append(to: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue
    to.append(child instanceof Node ? child : String(child))
  }
}

export function attribute(element: Element, name: string, value: unknown): void {
  if (value === false || value === undefined || value === null) element.removeAttribute(name)
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value === true ? '' : String(value))
}

/** Only where it differs: a text that is written again moves a reader's cursor and speaks once more. */
export function say(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

export function show(element: HTMLElement, shown: boolean): void {
  if (element.hidden === shown) element.hidden = !shown
}

/** One element for each item, kept by its key; in the order of the items. */
export function keyed<T, E extends Element>(
  parent: Element,
  items: readonly T[],
  keyOf: (item: T) => string,
  make: (item: T) => E,
  update: (element: E, item: T) => void = () => {},
): void {
  const known = new Map<string, E>()
  for (const child of [...parent.children]) known.set((child as HTMLElement).dataset.key ?? '', child as unknown as E)
  let place: Element | null = parent.firstElementChild
  for (const item of items) {
    const key = keyOf(item)
    let element = known.get(key)
    if (element === undefined) {
      element = make(item)
      ;(element as unknown as HTMLElement).dataset.key = key
    } else known.delete(key)
    update(element, item)
    if (element === place) place = place.nextElementSibling
    else parent.insertBefore(element, place)
  }
  for (const gone of known.values()) gone.remove()
}
