/** A real Chromium. */
import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'
import { onPath } from '../../../scripts/lib/rust/probe.mjs'

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--no-first-run',
]

/** Undefined where this machine has none: then its tests are skipped, and say so. */
export const chromiumPath = [
  process.env.CHROMIUM,
  ...['chromium', 'chromium-browser', 'google-chrome', 'chrome'].map((name) => onPath(name)),
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
].find((file) => file && existsSync(file))

export const launch = () => chromium.launch({ executablePath: chromiumPath, args: FLAGS, timeout: 60_000 })
