/** The page: one connection, one model, and the view that the address names. */
import type { Change, State } from '../server/api/state.js'
import { Actions } from './actions.js'
import { Client, ProblemError } from './api/client.js'
import { type Held, takeHeld } from './api/kept.js'
import { Stream } from './api/stream.js'
import { Model } from './model.js'
import { Shell } from './shell.js'
import { Toasts } from './ui/toast.js'

const CHANGES = 200
/** Besides, of those that are no probes: they are what charts have marks for. */
const DECISIONS = 1000

const model = new Model()
const client = new Client(new URL('.', location.href))
const toasts = new Toasts()
const actions = new Actions(client, model, toasts)
const shell = new Shell({ model, client, actions }, toasts, (token) => {
  client.token = token
  connect()
})
/** Runs whose changes were asked for. */
const asked = new Map<string, string>()

const stream = new Stream(client, {
  open() {
    const back = model.connection.is === 'lost'
    model.connection = { is: 'live' }
    asked.clear()
    void who()
    if (back) shell.again()
    model.touch()
  },
  event(name, data) {
    if (name === 'state') takeState(data as State)
    else if (name === 'change') takeChange(data as Change)
    else if (name === 'reset') {
      asked.clear()
      shell.again()
    } else if (name === 'cascade')
      toasts.show(`Cascade: ${(data as { rootCause: string }).rootCause} is the likely root cause.`, undefined, true)
    model.touch()
  },
  lost(retryMs) {
    model.connection = { is: 'lost', retryAtMs: performance.now() + retryMs }
    model.touch()
  },
  denied({ problem }) {
    model.connection = { is: 'denied', title: problem.title, detail: problem.detail }
    model.touch()
  },
})

function connect(held?: Held): void {
  model.connection = { is: 'connecting' }
  model.touch()
  stream.restart(held)
}

/** What this token, or being on this machine, allows. */
async function who(): Promise<void> {
  try {
    const { actor, version } = await client.get<{ actor: { role: 'read' | 'operate' }; version: string }>('api/v1')
    model.role = actor.role
    model.version = version
    model.touch()
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
  }
}

function takeState(state: State): void {
  model.takeState(state)
  for (const { name, runId } of state.tuners) if (asked.get(name) !== runId) void load(name, runId)
}

async function load(tuner: string, runId: string): Promise<void> {
  asked.set(tuner, runId)
  try {
    const path = `api/v1/tuners/${encodeURIComponent(tuner)}/changes`
    const queries = [`limit=${CHANGES}`, `limit=${DECISIONS}&probes=false`]
    const answers = await Promise.all(queries.map((query) => client.get<{ changes: Change[] }>(`${path}?${query}`)))
    for (const { changes } of answers) model.addChanges(tuner, changes)
    model.touch()
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    asked.delete(tuner)
  }
}

function takeChange(change: Change): void {
  model.addChanges(change.tuner, [change])
  // What was taken back stands in the older ones.
  if (change.type === 'rolledBack') asked.delete(change.tuner)
}

connect(takeHeld())
