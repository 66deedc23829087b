/**
 * The configuration in a study's first line, which stays what it was made with.
 */
import type { SolverBinding, StudyConfig } from '../../binding.js'
import { HomeostatError } from '../../errors.js'

const FREE: readonly (keyof StudyConfig)[] = ['budget', 'batch_size']

/** How every study begins. */
export const HEADER_START = '{"format":"homeostat-study"'

interface Header {
  readonly algorithm: number
  readonly config: StudyConfig
}

export function parseHeader(line: string): Header {
  return JSON.parse(line) as Header
}

/** The configuration as the core writes it, defaults filled in. Throws what the core says of one that cannot be meant. */
export function canonical(binding: SolverBinding, config: StudyConfig): StudyConfig {
  const core = binding.createSolver(JSON.stringify(config))
  try {
    return parseHeader(new TextDecoder().decode(core.takeLog())).config
  } finally {
    core.close()
  }
}

/**
 * Whether a given configuration means the study that is there. Only what is given is compared, and not
 * how long it runs and how many evaluate at once, which may change while it goes on.
 */
export function agree(path: string, given: StudyConfig, full: StudyConfig, present: StudyConfig): void {
  const keys = Object.keys(given) as (keyof StudyConfig)[]
  const other = keys.find((key) => !FREE.includes(key) && JSON.stringify(full[key]) !== JSON.stringify(present[key]))
  if (other === undefined) return
  const detail =
    other === 'bounds'
      ? boundsDetail(full, present)
      : `${other}: ${text(full[other])}, the study has ${text(present[other])}`
  throw new HomeostatError(
    'HOMEOSTAT_STUDY_CONFIG',
    `the study ${path} was made with another configuration (${detail}); go on without one, or choose another file`,
    { option: other, received: given[other] },
  )
}

function boundsDetail({ bounds: given }: StudyConfig, { bounds: present }: StudyConfig): string {
  const names = [...new Set([...Object.keys(given), ...Object.keys(present)])]
  const other = names.find((name) => JSON.stringify(given[name]) !== JSON.stringify(present[name]))
  if (other === undefined) return 'bounds: the same knobs in another order'
  return `bounds.${other}: ${text(given[other])}, the study has ${text(present[other])}`
}

const text = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value))
