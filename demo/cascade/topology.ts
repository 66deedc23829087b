/**
 * The shop of the demonstration: what it is made of, what is asked of it, and its bounds. Both halves run with all of it;
 * they differ only in whether calls go through `homeostat`.
 *
 * ```text
 *  users ──> gateway ──> auth ───────┐
 *               └──────> catalogue ──┴──> database proxy   <- this one is stopped
 * ```
 *
 * The bounds are those of ordinary services: a pool of connections per neighbour with a queue before it, and a time-out that
 * is long enough for the slowest honest call.
 */

export const SERVICES = ['database', 'auth', 'catalogue', 'gateway'] as const
export type ServiceName = (typeof SERVICES)[number]

/** What users ask for. `tier`: what matters more is shed later, where there is protection. `needsDatabase` is what the broken part takes with it; everything else could be served without. */
export const ROUTES = {
  browse: { tier: 1, share: 0.6, needsDatabase: false, path: (id: number) => `/browse/${id}` },
  account: { tier: 1, share: 0.1, needsDatabase: false, path: (id: number) => `/account/${id}` },
  stock: { tier: 3, share: 0.2, needsDatabase: true, path: (id: number) => `/stock/${id}` },
  login: { tier: 2, share: 0.1, needsDatabase: true, path: (id: number) => `/login/${id}` },
} as const
export type Route = keyof typeof ROUTES

export const LOAD = {
  requestsPerSecond: 100,
  /** A user who waits longer has gone; what comes later serves nobody. */
  patienceMs: 2000,
  /** Users at once; more are counted as not served, without a request. */
  usersMax: 1000,
} as const

export const BOUNDS = {
  /** Connections from the gateway to each neighbour. */
  gatewayConnections: 20,
  /** Connections from auth and from catalogue to the database proxy: what a database's client has by default. */
  databaseConnections: 10,
  /** Calls that wait for a connection; more are refused. */
  queueMax: 500,
  /** A call's time-out without protection. */
  timeoutMs: 10_000,
  /** Queries that the database runs at once, and their time. */
  queriesAtOnce: 16,
  queryMs: [2, 8],
} as const

/** Parts of a half: everything works, the database proxy hangs, it works again. */
export const PHASES = { breakAt: 0.25, repairAt: 0.7 } as const

/**
 * What `homeostat` is told, where it protects: its ordinary options, with times in the proportion of a fault of some seconds. A
 * breaker looks back 30 s by default and rests for 5, which is longer than this whole fault.
 */
export const PROTECTION = {
  breaker: { window: '2s', minimumCalls: 10, openFor: '500ms', openForMax: '1s' },
  cascade: { window: '2s', minimumCalls: 5, openFor: '500ms', stagger: '100ms', stage: '1s' },
  /** Calls of one kind that wait for their turn; more are refused. */
  queue: 50,
  /** How often the other processes tell the gateway's reflex of what happened. */
  eventsEveryMs: 50,
} as const
