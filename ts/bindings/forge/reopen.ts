/**
 * A device that was lost, or given up because it hung, is opened again: soon, then after waits that double. A device that lasted is
 * trusted again; devices that hang keep what they own, so that after a few of them no other one is opened.
 */
import type { HomeostatError } from '../../errors.js'
import type { Device } from './device.js'

export const FIRST_MS = 100
const LONGEST_MS = 30_000
/** A device that lasted so long begins with the first wait again. */
const TRUSTED_US = 60e6
/** Devices that hung before no other one is opened, as in the native forge. */
const HUNG_MAX = 8
/** Attempts in a row that find no device: there will be none. */
const FAILED_MAX = 12

export class Reopening {
  readonly #open: () => Promise<Device>
  readonly #attach: (device: Device) => void
  readonly #nowUs: () => number
  #waitMs = FIRST_MS
  #openedUs: number
  #hung = 0
  #failed = 0
  #ended = false
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(open: () => Promise<Device>, attach: (device: Device) => void, nowUs: () => number) {
    this.#open = open
    this.#attach = attach
    this.#nowUs = nowUs
    this.#openedUs = nowUs()
  }

  lost(error: HomeostatError): void {
    if (error.code === 'HOMEOSTAT_DEVICE_HUNG') this.#hung++
    if (this.#hung >= HUNG_MAX) return
    if (this.#nowUs() - this.#openedUs > TRUSTED_US) this.#waitMs = FIRST_MS
    this.#failed = 0
    this.#later()
  }

  /** Whether an attempt is to come, or going on. */
  get isUnderWay(): boolean {
    return this.#timer !== undefined
  }

  end(): void {
    this.#ended = true
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #later(): void {
    if (this.#ended) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#try(), this.#waitMs)
    ;(this.#timer as { unref?: () => void }).unref?.()
    this.#waitMs = Math.min(2 * this.#waitMs, LONGEST_MS)
  }

  async #try(): Promise<void> {
    try {
      const device = await this.#open()
      if (this.#ended) return device.close()
      this.#openedUs = this.#nowUs()
      this.#timer = undefined
      this.#attach(device)
    } catch {
      this.#timer = undefined
      // A browser whose GPU process has just died has no adapter for a while.
      if (++this.#failed < FAILED_MAX) this.#later()
    }
  }
}
