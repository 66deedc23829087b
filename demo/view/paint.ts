/** Colours that a terminal has by itself, so that its own theme, light or dark, decides how they look. */
export interface Paint {
  bold(text: string): string
  dim(text: string): string
  fixed(text: string): string
  tuned(text: string): string
  good(text: string): string
  bad(text: string): string
}

const ESCAPE = '\u001b['

export function paint(colours: boolean): Paint {
  const style = (on: number, off: number) => (text: string) =>
    colours && text !== '' ? `${ESCAPE}${on}m${text}${ESCAPE}${off}m` : text
  return {
    bold: style(1, 22),
    dim: style(2, 22),
    fixed: style(33, 39),
    tuned: style(36, 39),
    good: style(32, 39),
    bad: style(31, 39),
  }
}

/** NO_COLOR (any value but the empty one) wins over everything. */
export function wantsColours(env: NodeJS.ProcessEnv, isTTY: boolean): boolean {
  return !env.NO_COLOR && isTTY && env.TERM !== 'dumb'
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with a control character.
const SEQUENCE = /\u001b\[[\d;]*m/y

/** Cuts a painted line to a number of columns; sequences take none. Every character used here is one column wide. */
export function clip(line: string, columns: number): string {
  let shown = 0
  let cut = ''
  let painted = false
  for (let i = 0; i < line.length; ) {
    SEQUENCE.lastIndex = i
    const sequence = SEQUENCE.exec(line)?.[0]
    if (sequence) {
      cut += sequence
      painted = true
      i += sequence.length
    } else {
      if (shown === columns) return painted ? `${cut}${ESCAPE}0m` : cut
      cut += line[i]
      shown++
      i++
    }
  }
  return cut
}
