/** A tuner's command with the entity tag of what a person saw; what protects needs none and is never held up by one. */
import type { Operable, TunerCommand } from '../../server/api/commands.js'
import type { TunerState } from '../../server/api/state.js'
import { type Client, ProblemError } from './client.js'

/** Tags are of everything that any command could depend on: where what changed is nothing to this one, it is sent again. */
export async function send(client: Client, path: string, command: TunerCommand, seen: TunerState): Promise<void> {
  try {
    await client.command(path, command, protects(command) ? null : seen.revision)
  } catch (error) {
    if (!(error instanceof ProblemError) || error.kind !== 'stale-page') throw error
    const now = await client.get<Operable>(path)
    if (!stillSo(command, seen, now)) throw error
    await client.command(path, command, now.revision)
  }
}

const protects = ({ command, ...rest }: TunerCommand): boolean =>
  ['freeze', 'enter-safe-mode'].includes(command) || ('word' in rest && rest.word !== 'on')

/** Whether what a command depends on is what the person saw. */
function stillSo({ command }: TunerCommand, seen: TunerState, now: Operable): boolean {
  if (command === 'rollback')
    return seen.knobs.every(({ name, certified }) => certified === (now.certified?.[name] ?? null))
  const frozen = seen.knobs.filter((knob) => knob.frozen).map(({ name }) => name)
  return (
    seen.mode === now.mode &&
    seen.control === now.control &&
    seen.safeMode?.reason === now.safeMode?.reason &&
    String(frozen) === String(now.frozen)
  )
}
