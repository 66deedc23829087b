/** The package from its sources. */
import { queue } from '../../../ts/entries/flow/node.js'
import { homeostat, knob, signal } from '../../../ts/entries/node.js'
import { reflex } from '../../../ts/entries/resilience/node.js'
import { server } from '../../../ts/entries/server/node.js'
import { fakeClock } from '../../../ts/testing/index.js'

export const parts = { homeostat, knob, signal, reflex, queue, server, fakeClock }
