import * as api from 'homeostat'
import * as flow from 'homeostat/flow'
import * as forge from 'homeostat/forge'
import * as resilience from 'homeostat/resilience'
import * as solver from 'homeostat/solver'
import { consumeForge } from './forge-scenario.mjs'
import { consumeReflex } from './reflex-scenario.mjs'
import { consume } from './scenario.mjs'
import { consumeSolver } from './solver-scenario.mjs'

export default {
  fetch: async () =>
    Response.json({
      ...(await consume(api)),
      solver: await consumeSolver(solver),
      reflex: await consumeReflex(resilience, flow),
      forge: await consumeForge(forge),
    }),
}
