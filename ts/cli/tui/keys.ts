/** Keys out of the bytes that a terminal sends. */

const NAMED: Readonly<Record<string, string>> = {
  '\u001b[A': 'up',
  '\u001bOA': 'up',
  '\u001b[B': 'down',
  '\u001bOB': 'down',
  '\u001b[C': 'right',
  '\u001bOC': 'right',
  '\u001b[D': 'left',
  '\u001bOD': 'left',
  '\u001b[5~': 'page-up',
  '\u001b[6~': 'page-down',
  '\u001b[H': 'home',
  '\u001bOH': 'home',
  '\u001b[1~': 'home',
  '\u001b[F': 'end',
  '\u001bOF': 'end',
  '\u001b[4~': 'end',
  '\u001b[Z': 'back-tab',
  '\t': 'tab',
  '\r': 'enter',
  '\n': 'enter',
  '\u0003': 'ctrl-c',
  '\u000c': 'ctrl-l',
  '\u001a': 'ctrl-z',
  '\u001b': 'escape',
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what terminals send
const SEQUENCE = /\u001b(?:\[[0-?]*[ -/]*[@-~]|O[A-Za-z])|[\s\S]/gu

/** What was typed, key by key; sequences that mean nothing here are left out. */
export function keysOf(text: string): string[] {
  return [...text.matchAll(SEQUENCE)].flatMap(([sequence]) => {
    const named = NAMED[sequence]
    if (named !== undefined) return [named]
    return sequence.length === 1 && sequence >= ' ' && sequence !== '\u007f' ? [sequence] : []
  })
}
