/** A clock for tests, and work that ends when it is told to. */
import { type FakeClock, fakeClock } from '../../../ts/testing/fake-clock.js'

export { type FakeClock, fakeClock }

export interface Deferred<T> {
  readonly promise: Promise<T>
  resolve(value: T): void
  reject(error: unknown): void
}

export function deferred<T = void>(): Deferred<T> {
  let [resolve, reject] = [(_: T): void => {}, (_: unknown): void => {}]
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

export const boom = (): never => {
  throw new Error('boom')
}
