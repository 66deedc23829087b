/**
 * Where to look: a server by its URL; or journals of a folder, a file or a store, which are then served within this process to this
 * process alone, so that everything is the same either way.
 */
import { existsSync, readFileSync } from 'node:fs'
import process from 'node:process'
import { failure, usage } from '../exit.js'
import { openServer, type ServeOptions } from '../serve/serve.js'
import { type Answerer, Client } from './client.js'

export interface Target {
  readonly client: Client
  /** For people. */
  readonly where: string
  close(): Promise<void>
}

export interface TargetOptions {
  readonly target: string
  readonly name: string | undefined
  readonly control: string | undefined
  readonly tokenFile: string | undefined
  readonly points: number
}

/** A name that nobody serves: requests to it stay in this process. */
const HERE = new URL('http://localhost/')

export async function openTarget(options: TargetOptions): Promise<Target> {
  const { target } = options
  if (/^https?:/i.test(target)) return remote(options)
  const served: Pick<ServeOptions, 'source' | 'name' | 'control' | 'points' | 'operations'> = {
    source: target,
    name: options.name,
    control: options.control,
    points: options.points,
    operations: undefined,
  }
  const { operating, close } = await openServer({ ...served, hosts: [], tokens: [] })
  const answer: Answerer = (request) => operating.fetch(request, { peer: '127.0.0.1' })
  return { client: new Client(HERE, answer), where: target.replace(/\/\/[^@/]*@/, '//'), close }
}

function remote({ target, tokenFile }: TargetOptions): Target {
  let base: URL
  try {
    base = new URL(target.endsWith('/') ? target : `${target}/`)
  } catch {
    throw usage(`${target} is no URL such as http://127.0.0.1:9464/`)
  }
  if (base.username !== '' || base.password !== '' || base.search !== '')
    throw usage('a token does not belong into a URL: HOMEOSTAT_TOKEN or --token-file')
  const client = new Client(base, (request) => fetch(request), tokenOf(tokenFile))
  return { client, where: base.href.replace(/\/$/, ''), close: async () => {} }
}

/** A file with the token alone, or HOMEOSTAT_TOKEN. */
function tokenOf(file: string | undefined): string | undefined {
  if (file === undefined) return process.env.HOMEOSTAT_TOKEN || undefined
  if (!existsSync(file)) throw failure('HOMEOSTAT_FILE', `${file} does not exist`)
  const token = readFileSync(file, 'utf8').trim()
  if (!/^[\x21-\x7e]{24,512}$/.test(token))
    throw usage(`${file} must hold a token alone: 24 to 512 visible ASCII characters`)
  return token
}
