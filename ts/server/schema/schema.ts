/**
 * The part of JSON Schema 2020-12 that the server's interface is written in. The values below validate requests, make the OpenAPI
 * document and give TypeScript its types, so the three cannot disagree. Hand-rolled (150 lines) rather than a library: the document
 * needs plain JSON Schema anyway, and nothing is added to what a user downloads.
 */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

export type TypeName = 'string' | 'number' | 'integer' | 'boolean' | 'null' | 'object' | 'array'

export interface Schema {
  readonly title?: string
  readonly description?: string
  readonly type?: TypeName | readonly TypeName[]
  readonly const?: string | number | boolean
  readonly enum?: readonly (string | number | boolean)[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Schema
  readonly maxProperties?: number
  readonly minProperties?: number
  readonly items?: Schema
  readonly maxItems?: number
  readonly minItems?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly oneOf?: readonly Schema[]
  readonly default?: Json
  readonly examples?: readonly Json[]
}

type OfName<T> = T extends 'string'
  ? string
  : T extends 'number' | 'integer'
    ? number
    : T extends 'boolean'
      ? boolean
      : T extends 'null'
        ? null
        : T extends 'object'
          ? { readonly [key: string]: unknown }
          : readonly unknown[]

type OfObject<P, R> = {
  readonly [K in keyof P as K extends R ? K : never]: Of<P[K]>
} & { readonly [K in keyof P as K extends R ? never : K]?: Of<P[K]> | undefined }

/** The type of the values that a schema admits. */
export type Of<S> = S extends { readonly const: infer C }
  ? C
  : S extends { readonly enum: readonly (infer E)[] }
    ? E
    : S extends { readonly oneOf: readonly (infer O)[] }
      ? O extends unknown
        ? Of<O>
        : never
      : S extends { readonly properties: infer P; readonly required: readonly (infer R)[] }
        ? OfObject<P, R>
        : S extends { readonly type: 'object'; readonly additionalProperties: infer A extends Schema }
          ? { readonly [key: string]: Of<A> }
          : S extends { readonly type: 'array'; readonly items: infer I }
            ? readonly Of<I>[]
            : S extends { readonly type: readonly (infer T)[] }
              ? OfName<T>
              : S extends { readonly type: infer T }
                ? OfName<T>
                : unknown

/** An object without other properties; all are required but those of `optional`. */
export function object<
  const P extends Readonly<Record<string, Schema>>,
  const O extends readonly (keyof P & string)[] = readonly [],
>(properties: P, optional?: O, description?: string) {
  const required = Object.keys(properties).filter((key) => !optional?.includes(key))
  return {
    ...(description === undefined ? {} : { description }),
    type: 'object',
    properties,
    required: required as unknown as readonly Exclude<keyof P & string, O[number]>[],
    additionalProperties: false,
  } as const
}

export const array = <const I extends Schema>(items: I, description?: string) =>
  ({ type: 'array', items, ...(description === undefined ? {} : { description }) }) as const

/** An object of any keys whose values are all of one kind. */
export const record = <const V extends Schema>(values: V, description?: string) =>
  ({
    type: 'object',
    additionalProperties: values,
    ...(description === undefined ? {} : { description }),
  }) as const

export const nullable = <const S extends Schema>(schema: S, description?: string) =>
  ({ oneOf: [schema, { type: 'null' }], ...(description === undefined ? {} : { description }) }) as const

export const number = (description?: string) => ({ type: 'number', ...(description && { description }) }) as const
export const maybe = (description: string) => ({ type: ['number', 'null'], description }) as const
export const integer = (description?: string, minimum = 0, maximum: number = Number.MAX_SAFE_INTEGER) =>
  ({ type: 'integer', minimum, maximum, ...(description && { description }) }) as const
export const text = (description?: string) => ({ type: 'string', ...(description && { description }) }) as const
export const flag = (description?: string) => ({ type: 'boolean', ...(description && { description }) }) as const
export const oneOfWords = <const E extends readonly string[]>(words: E, description?: string) =>
  ({ type: 'string', enum: words, ...(description && { description }) }) as {
    type: 'string'
    enum: E
    description?: string
  }
