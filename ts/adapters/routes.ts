/**
 * Which route a request is of: patterns that are written once, so that components have as many names as there are patterns, never
 * as many as there are URLs.
 */
import { invalid } from '../errors.js'
import * as check from '../schema/checks.js'

/** How requests of a route are taken. */
export interface RouteOptions {
  /** 0 (emergency: never shed) to 4 (background: shed first). Default: that of the guard. */
  readonly tier?: number | undefined
  /** Name of the route's component. Default: the pattern, after the guard's name. */
  readonly name?: string | undefined
}

/**
 * Routes by pattern: `'/items/:id'` for every method, `'GET /items/:id'` for one (GET takes HEAD along), `'/admin/*'` for all below. A
 * number is the tier. The first pattern that fits counts.
 */
export type Routes = Readonly<Record<string, RouteOptions | number>>

export interface Route {
  readonly name: string
  readonly tier: number
}

interface Pattern {
  readonly method: string
  /** Undefined stands for any segment. */
  readonly segments: readonly (string | undefined)[]
  /** Whether more segments may follow. */
  readonly below: boolean
  readonly route: Route
}

const ROUTES_MAX = 1000
const PATTERN = /^(?:([A-Z]+) )?(\/\S*)$/

export class RouteTable {
  readonly #patterns: readonly Pattern[]

  constructor(at: string, routes: Routes, guard: string, tier: number) {
    const given = Object.entries(check.object(at, routes) as Routes)
    if (given.length > ROUTES_MAX) throw invalid(at, `at most ${ROUTES_MAX} patterns`, given.length)
    this.#patterns = given.map(([text, options]) => {
      const route = routeOf(`${at}[${JSON.stringify(text)}]`, `${guard} ${text}`, options, tier)
      return compile(at, text, route)
    })
  }

  /** The route of a request, or undefined; `url` is a path, with or without a query. */
  find(method: string, url: string): Route | undefined {
    if (this.#patterns.length === 0) return undefined
    const segments = split(url)
    return this.#patterns.find((pattern) => fits(pattern, method, segments))?.route
  }
}

/** A route from its options; a number is its tier. */
export function routeOf(at: string, name: string, options: RouteOptions | number, tier: number): Route {
  if (typeof options === 'number') return { name: name.slice(0, NAME_MAX), tier: tierOf(at, options) }
  check.onlyKeys(at, check.object(at, options), ['tier', 'name'])
  return {
    name: (options.name === undefined ? name : nameOf(`${at}.name`, options.name)).slice(0, NAME_MAX),
    tier: options.tier === undefined ? tier : tierOf(`${at}.tier`, options.tier),
  }
}

/** What names of components may be long. */
const NAME_MAX = 128

export function nameOf(at: string, value: unknown): string {
  if (typeof value !== 'string' || value === '' || value.length > NAME_MAX)
    throw invalid(at, `1 to ${NAME_MAX} characters`, value)
  return value
}

export function tierOf(at: string, value: unknown): number {
  return check.number(at, value, { min: 0, max: 4, whole: true })
}

function compile(at: string, text: string, route: Route): Pattern {
  const match = PATTERN.exec(text)
  if (match === null) throw invalid(at, "of patterns such as '/items/:id', 'GET /items' or '/admin/*'", text)
  const segments = split(match[2] as string)
  const below = segments.at(-1) === '*'
  return {
    method: match[1] ?? '',
    segments: (below ? segments.slice(0, -1) : segments).map((one) => (one.startsWith(':') ? undefined : one)),
    below,
    route,
  }
}

function split(url: string): string[] {
  const end = url.search(/[?#]/)
  return (end < 0 ? url : url.slice(0, end)).split('/').filter((segment) => segment !== '')
}

function fits({ method, segments, below }: Pattern, asked: string, of: readonly string[]): boolean {
  if (method !== '' && method !== asked && !(method === 'GET' && asked === 'HEAD')) return false
  if (below ? of.length < segments.length : of.length !== segments.length) return false
  return segments.every((segment, i) => segment === undefined || segment === of[i])
}
