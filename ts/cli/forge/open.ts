/** A forge for a command. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import type { Command } from 'commander'
import { isHomeostatError } from '../../errors.js'
import { makeForgeFacade } from '../../forge/facade.js'
import { forgeNodeHost } from '../../forge/node/host.js'
import type { Forge, ForgeOptions } from '../../forge/public.js'
import { exitOfSignal, Interrupt } from '../interrupt.js'
import type { End } from '../program.js'
import type { Common } from '../ui/out.js'
import type { StatusLine } from './status-line.js'

export const facade = makeForgeFacade(forgeNodeHost('node'))

export interface DeviceChoice extends Common {
  readonly adapter?: string
  readonly cpu?: boolean
  readonly library?: string
}

/** Where libraries are where nobody says so. */
export const usualLibrary = (): string =>
  join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'homeostat', 'forge.jsonl')

export function choosing(command: Command): Command {
  return command
    .option('--adapter <name>', 'part of an adapter’s name; default: the best one')
    .option('--cpu', 'the processor alone')
}

export const withLibrary = (command: Command): Command =>
  command.option('--library <file>', 'the library’s file; default: forge.jsonl in the user’s cache')

export function openForge(options: DeviceChoice, more: ForgeOptions = {}): Promise<Forge> {
  return facade.forge({
    ...(options.adapter !== undefined && { adapter: options.adapter }),
    ...(options.cpu === true && { device: 'cpu' as const }),
    ...more,
  })
}

/**
 * Work that a signal ends: the first one lets go of what is waited for, so that the forge closes and keeps what it learned; a second
 * one is not waited for. Whether it was ended; the command's exit status says so then.
 */
export async function interruptible(
  end: End,
  line: StatusLine,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<boolean> {
  const interrupt = new Interrupt()
  interrupt.signal.addEventListener('abort', () => line.show('ending: the device is at its last job'))
  try {
    await work(interrupt.signal)
    return false
  } catch (error) {
    if (interrupt.name === undefined || !isHomeostatError(error) || error.code !== 'HOMEOSTAT_ABORTED') throw error
    end(exitOfSignal(interrupt.name))
    return true
  } finally {
    interrupt.close()
  }
}
