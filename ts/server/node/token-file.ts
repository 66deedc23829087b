/** The file of tokens, followed: a token is given out or withdrawn without a restart. */
import { readFileSync, statSync } from 'node:fs'
import process from 'node:process'
import { HomeostatError } from '../../errors.js'
import { parseTokens, type TokenOptions } from '../http/tokens.js'

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

  /** Throws `HOMEOSTAT_FILE`, and what `parseTokens` throws. */
  read(): TokenOptions[] {
    this.#version = versionOf(this.#path)
    return parseTokens(this.#path, textOf(this.#path, this.#warn))
  }

  /** What cannot be read, or would leave nobody, leaves the tokens as they are, and is said once. */
  follow(take: (tokens: readonly TokenOptions[]) => void): void {
    this.#timer ??= setInterval(() => {
      if (versionOf(this.#path) === this.#version) return
      try {
        const tokens = this.read()
        if (tokens.length === 0) throw new Error(`${this.#path} has none`)
        take(tokens)
      } catch (error) {
        this.#warn(`homeostat server: the tokens stay as they are: ${(error as Error).message}`)
      }
    }, LOOK_MS)
    this.#timer.unref?.()
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

/** One that others may read is said so. */
function textOf(path: string, warn: (line: string) => void): string {
  try {
    const { mode } = statSync(path)
    if (process.platform !== 'win32' && (mode & 0o077) !== 0)
      warn(`homeostat server: ${path} holds tokens and others than its owner may read it: chmod 600`)
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new HomeostatError('HOMEOSTAT_FILE', `the tokens in ${path} cannot be read: ${(error as Error).message}`, {
      cause: error,
    })
  }
}
