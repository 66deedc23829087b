/**
 * One operation of the interface: what validates it, documents it and does it.
 */

import type { Core } from '../core.js'
import type { Reply } from '../http/answer.js'
import type { ProblemKind } from '../http/problem.js'
import type { Parameters, Values } from '../http/query.js'
import type { Actor, Role } from '../http/tokens.js'
import type { Of, Schema } from '../schema/schema.js'

export interface Ask<Q extends Parameters, B extends Schema> {
  readonly core: Core
  readonly actor: Actor
  readonly peer: string | undefined
  readonly request: Request
  /** By name, decoded; they may be anything. */
  readonly path: Readonly<Record<string, string>>
  readonly query: Values<Q>
  readonly body: Of<B>
  readonly bodyText: string
}

export interface Described {
  readonly description: string
  readonly type?: string
  readonly schema?: Schema
  readonly headers?: Readonly<Record<string, string>>
}

export interface Route<Q extends Parameters = Parameters, B extends Schema = Schema> {
  readonly id: string
  readonly method: 'GET' | 'POST'
  /** Segments in braces are parameters. */
  readonly path: string
  /** `none`: everybody whom the guard lets through. */
  readonly role: Role | 'none'
  readonly tag: string
  readonly summary: string
  readonly description?: string
  readonly parameters?: Readonly<Record<string, Schema>>
  readonly query?: Q
  readonly body?: B
  /** Headers that are looked at, with what they are for. */
  readonly headers?: Readonly<Record<string, Schema>>
  readonly answer: Described
  /** Problems besides those that every operation may have. */
  readonly problems?: readonly ProblemKind[]
  handle(ask: Ask<Q, B>): Promise<Reply> | Reply
}

// biome-ignore lint/suspicious/noExplicitAny: a table holds routes of any parameters
export type AnyRoute = Route<any, any>

/** Keeps the types of a route's query and body for its handler. */
export const route = <const Q extends Parameters, const B extends Schema>(one: Route<Q, B>): AnyRoute => one

/** The route of a path, by method; and the methods that the path has. */
export class Router {
  readonly #routes: readonly (readonly [RegExp, AnyRoute])[]

  constructor(routes: readonly AnyRoute[]) {
    this.#routes = routes.map((one) => {
      const pattern = one.path.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '([^/]+)')
      return [new RegExp(`^${pattern}$`), one] as const
    })
  }

  find(path: string): ReadonlyMap<string, { readonly route: AnyRoute; readonly path: readonly string[] }> {
    const found = new Map<string, { route: AnyRoute; path: readonly string[] }>()
    for (const [pattern, one] of this.#routes) {
      const match = pattern.exec(path)
      if (match !== null && !found.has(one.method)) found.set(one.method, { route: one, path: match.slice(1) })
    }
    return found
  }
}

export const namesIn = (path: string): string[] => [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string)
