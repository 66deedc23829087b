/** The command line on a terminal of so many columns, by Python's `pty`, which every system with terminals has. */
import { spawnSync } from 'node:child_process'
import process from 'node:process'
import { type CallOptions, CLI, ended, type Result, startProgram } from './cli.js'

const BRIDGE = `
import fcntl, os, pty, select, struct, sys, termios
size = struct.pack('HHHH', 30, int(sys.argv[1]), 0, 0)
pid, fd = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, size)
    os.execv(sys.argv[2], sys.argv[2:])
inputs = [fd, 0]
while True:
    ready, _, _ = select.select(inputs, [], [])
    if 0 in ready:
        typed = os.read(0, 1024)
        if typed: os.write(fd, typed)
        else: inputs.remove(0)
    if fd in ready:
        try: shown = os.read(fd, 65536)
        except OSError: break
        if not shown: break
        os.write(1, shown)
_, status = os.waitpid(pid, 0)
sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
`

export const hasTerminals = spawnSync('python3', ['-c', 'import pty']).status === 0

export interface Terminal {
  type(text: string): void
  /** All that was shown so far. */
  shown(): string
  readonly result: Promise<Result>
}

/** What both streams show is in `out`. */
export function onTerminal(columns: number, args: readonly string[], options: CallOptions = {}): Terminal {
  const child = startProgram('python3', ['-c', BRIDGE, String(columns), process.execPath, CLI, ...args], {
    ...options,
    env: { TERM: 'xterm-256color', ...options.env },
  })
  let shown = ''
  child.stdout?.on('data', (text) => {
    shown += String(text)
  })
  return { type: (text) => void child.stdin?.write(text), shown: () => shown, result: ended(child) }
}

/** Lines as they stand in the end, after what was written over. */
export function screen(text: string): string[] {
  return text.split(/\r?\n/).map((line) => {
    const last = line.split('\u001b[2K').at(-1) as string
    return last.replace(/\r/g, '')
  })
}

/** What a terminal of 30 lines shows after all that was written to it: the few sequences that a full screen uses. */
export function grid(text: string, columns: number, rows = 30): string[] {
  let lines: string[] = Array.from({ length: rows }, () => '')
  let [x, y] = [0, 0]
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
  for (const [piece, code = '', kind] of text.matchAll(/\u001b\[([?\d;]*)([A-Za-z])|[\s\S]/gu)) {
    if (kind === 'H') [y, x] = (code || '1;1').split(';').map((one) => Number(one) - 1) as [number, number]
    else if (kind === 'J' || (kind === 'h' && code === '?1049')) lines = lines.map(() => '')
    else if (kind !== undefined) continue
    else if (piece === '\n') y = Math.min(rows - 1, y + 1)
    else if (piece === '\r') x = 0
    else {
      const line = [...(lines[y] ?? '').padEnd(x)]
      line[x++] = piece
      lines[y] = line.slice(0, columns).join('')
    }
  }
  return lines
}
