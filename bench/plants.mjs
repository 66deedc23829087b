// Simulated plants, 30 minutes each: the live tuner and its rivals, audited. --targets compares with what is promised.
import { spawnSync } from 'node:child_process'
import process from 'node:process'

const given = process.argv.slice(2)
const has = (name) => given.includes(name)
const defaults = [
  ...(has('--contenders') ? [] : ['--contenders', 'homeostat,default,spsa,spsa-tube,random,tpe,hill,gp']),
  ...(has('--plants') || has('--targets') ? [] : ['--plants', 'P1,P2,P3,P4,P5,P0']),
  ...(has('--presets') ? [] : ['--presets', 'balanced,conservative']),
  ...(has('--seeds') ? [] : ['--seeds', '20']),
]
const args = ['run', '--release', '--quiet', '-p', 'homeostat-plants', '--bin', 'plants', '--', ...defaults, ...given]
process.exitCode = spawnSync('cargo', args, { stdio: 'inherit' }).status ?? 1
