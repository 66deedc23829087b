import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { hashFiles } from './paths.mjs'
import { isWindows } from './platform.mjs'
import { step } from './progress.mjs'
import { must } from './run.mjs'
import { isCurrent, writeStamp } from './stamps.mjs'

/** The npm that runs this script, else the one beside this Node, else the one on PATH. */
export function npmCommand() {
  const own = process.env.npm_execpath
  if (own?.endsWith('npm-cli.js') && existsSync(own)) return [process.execPath, own]
  const beside = join(dirname(process.execPath), isWindows ? 'npm.cmd' : 'npm')
  return existsSync(beside) ? [beside] : [isWindows ? 'npm.cmd' : 'npm']
}

/** npm's own variables describe the outer command; an inner one must not read them as its configuration. */
export function npmEnv(extra = {}) {
  const env = { ...process.env, ...extra }
  for (const name of Object.keys(env)) {
    if (
      /^npm_(command|lifecycle_|package_)/.test(name) ||
      ['npm_config_local_prefix', 'npm_config_prefix', 'INIT_CWD'].includes(name)
    )
      delete env[name]
  }
  return env
}

/** What decides on `node_modules`: the lockfile, and of the manifest only the dependencies. */
function packagesKey(folder) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const { dependencies, devDependencies, optionalDependencies, overrides } = manifest
  const facts = { node: process.version.split('.')[0], dependencies, devDependencies, optionalDependencies, overrides }
  return hashFiles([join(folder, 'package-lock.json')], JSON.stringify(facts))
}

/** Installs exactly what a folder's lockfile says, once per lockfile. */
export async function ensurePackages(folder, name) {
  const key = packagesKey(folder)
  const installed = join(folder, 'node_modules', '.package-lock.json')
  if (isCurrent(`npm-${name}`, key, [installed])) return
  await step(`npm packages (${name})`, async (note) => {
    const [command, ...args] = npmCommand()
    await must(command, [...args, 'ci', '--no-audit', '--no-fund', '--loglevel', 'http'], {
      cwd: folder,
      env: npmEnv(),
      log: 'npm',
      note,
      remedy:
        'check the registry that npm uses (npm config get registry) and try again; the whole output is in .cache/logs/npm.log',
    })
  })
  writeStamp(`npm-${name}`, { key })
}
