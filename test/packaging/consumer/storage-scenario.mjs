/** A store as a consumer uses it: `code` where its database's package is not installed, else what became of a journal in it. */
import { rmSync } from 'node:fs'

export async function consumeStorage(api, { memoryStorage, openStorage }) {
  const memory = memoryStorage()
  await memory.regimes.put('a', 'b', { features: [1], values: {}, objective: 2, windows: 3 })
  const { version } = await memory.regimes.get('a', 'b')
  await memory.close()
  const file = `storage-${process.pid}.db`
  try {
    const store = await openStorage(`sqlite:${file}`)
    const tuner = await api.homeostat({
      name: 'stored',
      knobs: { ttl: api.knob.duration({ min: '30s', max: '900s', initial: '300s' }) },
      signals: { miss: api.signal.ratio() },
      minimize: (m) => m.miss,
      storage: store,
    })
    await tuner.close()
    const { ok, entries } = await store.journals.verify('stored')
    const checked = await api.verifyJournal(store.journals.read('stored'))
    await store.close()
    return `${version} ${store.kind} ${ok} ${entries > 0 && entries === checked.entries}`
  } catch (error) {
    return `${version} ${error.code}`
  } finally {
    for (const end of ['', '-wal', '-shm']) rmSync(`${file}${end}`, { force: true })
  }
}
