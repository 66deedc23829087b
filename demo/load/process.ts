import type { FromLoader, ToLoader } from '../messages.js'
import { drive } from './drive.js'

/** The loader's process: drives once, reports every second, ends with its parent. */
export function runLoader(): void {
  const tell = (message: FromLoader): void => void process.send?.(message)
  process.on('disconnect', () => process.exit(0))
  process.on('SIGINT', () => {}) // The parent decides when to stop; a terminal sends the signal to the whole group.
  process.on('message', (message: ToLoader) => {
    drive({
      ...message,
      onSecond: (index, instances, lagMs) => tell({ type: 'second', index, instances, lagMs }),
    }).then(
      (result) => tell({ type: 'final', ...result }),
      (error: unknown) => tell({ type: 'failed', message: String(error) }),
    )
  })
  tell({ type: 'ready' })
}
