/**
 * The container file, instruction by instruction in a folder of this machine, for where there is nothing that builds containers: its RUN
 * with the packed tarballs in the registry's place, its ENTRYPOINT and CMD as they stand, its HEALTHCHECK against them, its STOPSIGNAL.
 * What it cannot say is that the base image exists.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, dirname, join } from 'node:path'
import { npmEnv } from '../../../scripts/lib/npm.mjs'
import { expect } from '../lib/checks.mjs'

const UP_MS = 60_000
const DOWN_MS = 20_000
const PORT = '9464'

/** Instructions with what they say, without remarks; a line that ends in a backslash goes on. */
export function instructionsOf(text) {
  return text
    .replace(/^#.*\n/gm, '')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, name, rest] = /^([A-Z]+) (.*)$/.exec(line) ?? []
      expect(name, `no instruction: ${line}`)
      return { name, rest }
    })
}

/** @param node the program of the version that the base image is of */
export async function checkContainer(text, { folder, tarballs, version, node }) {
  const instructions = instructionsOf(text)
  const of = (name) => instructions.filter((one) => one.name === name).map(({ rest }) => rest)
  const port = String(await freePort())
  /** Paths of the container below the folder; a port that is free. */
  const here = (word) => word.replace(/^\/(journals|tokens|operations)$/, join(folder, '$1')).replace(PORT, port)
  mkdirSync(join(folder, 'journals'), { recursive: true })
  writeFileSync(join(folder, 'tokens'), 'ada operate container-token-0000000000\n', { mode: 0o600 })
  const prefix = join(folder, 'usr')
  const env = {
    ...npmEnv(Object.fromEntries(of('ENV').map((pair) => pair.split('=')))),
    PATH: [join(prefix, 'bin'), dirname(node), process.env.PATH].join(delimiter),
    npm_config_prefix: prefix,
    npm_config_offline: 'true',
  }
  for (const command of of('RUN')) {
    const named = `homeostat@${version}`
    expect(command.includes(named), `RUN installs no ${named}`)
    const line = command
      .replace(named, tarballs.map(quoted).join(' '))
      .replaceAll('/operations', quoted(join(folder, 'operations')))
      .replace('chown node:node', 'chown "$(id -u):$(id -g)"')
    const done = spawnSync('sh', ['-c', line], { env, cwd: folder, encoding: 'utf8' })
    expect(done.status === 0, `RUN ended with status ${done.status}: ${done.stderr}`)
  }
  const words = [...JSON.parse(of('ENTRYPOINT')[0]), ...JSON.parse(of('CMD')[0])].map(here)
  const [, probe] = /CMD (\[.*\])$/.exec(of('HEALTHCHECK')[0]) ?? []
  const healthy = () => {
    const [, ...given] = JSON.parse(probe).map((word) => word.replace(PORT, port))
    return spawnSync(node, given, { env }).status
  }
  const child = spawn(words[0], words.slice(1), { env, cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (part) => (said += part))
  const ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve({ code, signal })))
  try {
    const endMs = performance.now() + UP_MS
    while (healthy() !== 0) {
      expect(performance.now() < endMs && child.exitCode === null, `it never became healthy: ${said}`)
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    const ask = (headers) => fetch(`http://127.0.0.1:${port}/api/v1/state`, { headers })
    const statuses = [await ask({}), await ask({ authorization: 'Bearer container-token-0000000000' })]
    expect(String(statuses.map(({ status }) => status)) === '401,200', `without and with a token: ${statuses}`)
    child.kill(of('STOPSIGNAL')[0])
    const timer = setTimeout(() => child.kill('SIGKILL'), DOWN_MS)
    const { code, signal } = await ended
    clearTimeout(timer)
    expect(code === 0, `stopped with status ${code}, signal ${signal}: ${said}`)
    expect(healthy() === 1, 'the health check is content with nobody there')
  } finally {
    child.kill('SIGKILL')
  }
  return `${instructions.length} instructions`
}

const quoted = (word) => `'${word.replaceAll("'", "'\\''")}'`

async function freePort() {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}
