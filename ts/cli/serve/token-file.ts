/** The file of tokens, followed: a token is given out or withdrawn without a restart. */
import { statSync } from 'node:fs'
import type { Operations } from '../../server/facade.js'
import { parseTokens, type TokenOptions } from '../../server/http/tokens.js'
import { readTokenFile } from '../../server/node/host.js'

const LOOK_MS = 1000

export class TokenFile {
  readonly #path: string
  readonly #warn: (line: string) => void
  #version = ''
  #timer: ReturnType<typeof setInterval> | undefined

  constructor(path: string, warn: (line: string) => void) {
    this.#path = path
    this.#warn = warn
  }

  read(): TokenOptions[] {
    this.#version = versionOf(this.#path)
    return parseTokens(this.#path, readTokenFile(this.#path, this.#warn))
  }

  /** What cannot be read, or would leave nobody, leaves the tokens as they are, and is said once. */
  follow(operating: Operations): void {
    this.#timer = setInterval(() => {
      if (versionOf(this.#path) === this.#version) return
      try {
        const tokens = this.read()
        if (tokens.length === 0) throw new Error(`${this.#path} has none`)
        operating.setTokens(tokens)
      } catch (error) {
        this.#warn(`homeostat serve: the tokens stay as they are: ${(error as Error).message}`)
      }
    }, LOOK_MS)
    this.#timer.unref()
  }

  close(): void {
    clearInterval(this.#timer)
  }
}

function versionOf(path: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(path)
    return `${mtimeMs} ${size} ${ino}`
  } catch {
    return 'gone'
  }
}
