import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Worker, workerData } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'
import { scenario } from '../scenario.js'

/** Bump when the table changes, so that an old template is not taken for the new one. */
const LAYOUT = 1

/** Where the filled catalogue is kept between runs, below `folder`. */
export function templatePath(folder: string): string {
  return join(folder, `catalog-${LAYOUT}-${scenario.rows}.tar`)
}

/** Whether a template is there and whole enough to try. */
export function hasTemplate(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 1_000_000
}

/** Creates the catalogue once (4 s and 800 MB while it runs); later starts load it in under a second. */
export async function createTemplate(path: string): Promise<void> {
  const database = await PGlite.create()
  await database.exec(`
    create table item (
      id int primary key,
      version int not null default 0,
      name text not null,
      price_cents int not null
    );
    insert into item (id, name, price_cents)
      select id, 'Item ' || id, 100 + (id * 7919) % 90000 from generate_series(1, ${scenario.rows}) id;
  `)
  await database.exec('vacuum analyze item')
  const dump = await database.dumpDataDir('none')
  await database.close()
  mkdirSync(dirname(path), { recursive: true })
  // Written aside and renamed, so that a run that is interrupted leaves no half template.
  const aside = `${path}.${process.pid}`
  try {
    writeFileSync(aside, Buffer.from(await dump.arrayBuffer()))
    renameSync(aside, path)
  } finally {
    rmSync(aside, { force: true })
  }
}

/** Worker thread: creates the template and ends, so that its memory goes with it. */
export async function runTemplateWorker(): Promise<void> {
  await createTemplate((workerData as { template: string }).template)
}

/** Makes sure that the template is there. @returns whether it had to be created */
export async function ensureTemplate(entry: URL, path: string): Promise<boolean> {
  if (hasTemplate(path)) return false
  const worker = new Worker(entry, { workerData: { role: 'template', template: path } })
  await new Promise<void>((resolve, reject) => {
    worker.once('error', reject)
    worker.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`the catalogue worker ended with ${code}`)),
    )
  })
  return true
}
