/** What a page and its worker say to each other: one reply for each request, in any order. */

/** `of`: the number of the forge, kernel or tensor that is meant, 0 for the binding itself. */
export interface Request {
  readonly id: number
  readonly call: string
  readonly of: number
  readonly args: readonly unknown[]
}

export type Reply =
  | { readonly id: number; readonly value: unknown }
  | {
      readonly id: number
      readonly error: { readonly code: string; readonly message: string; readonly option?: string | undefined }
    }

/** Both ends of a channel, as a worker and its scope have them. */
export interface Port {
  postMessage(message: unknown, transfer: Transferable[]): void
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void
}

/** A tensor that stays in the worker. */
export interface TensorRef {
  readonly tensor: number
}

export const isTensorRef = (value: unknown): value is TensorRef =>
  typeof value === 'object' && value !== null && 'tensor' in value

/** Bytes that are a buffer of their own, so that it can be handed over. */
export const own = (bytes: Uint8Array): Uint8Array =>
  bytes.byteLength === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer ? bytes : bytes.slice()
