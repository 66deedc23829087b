/**
 * The reflex of this process, and its queues.
 */
import { wallTimeMs } from '../../clock.js'
import type { Component } from '../../resilience/reflex/component.js'
import type { Health, Reflex } from '../../resilience/reflex/reflex.js'
import type { Witness } from '../../resilience/reflex/witness.js'
import type { BreakerCommand, BreakerOperable } from '../api/commands.js'
import type { ComponentState, Graph, QueueState, ReflexState, WitnessState } from '../api/state.js'
import { revisionOf } from '../sources.js'

const COMMANDS = ['open', 'force-open', 'disable', 'auto'] as const

/** What is shown of a queue, a scheduler, or one's own. */
export interface QueueSource {
  readonly capacity: number
  /** Items that wait. */
  readonly size?: number
  sizeOf?(tier: number): number
  readonly stats?: {
    readonly running?: number
    readonly waiting?: number
    readonly refused?: number
    readonly dropped?: number
  }
}

export class LiveReflex {
  readonly #reflex: Reflex
  readonly #originMs: number
  readonly #stops: (() => void)[]

  constructor(reflex: Reflex, tell: (event: string, data: unknown) => void) {
    this.#reflex = reflex
    this.#originMs = wallTimeMs() - reflex.clock.nowUs() / 1000
    const at = <T extends { readonly timeUs: number }>({ timeUs, ...rest }: T) => ({
      atMs: this.#atMs(timeUs),
      ...rest,
    })
    this.#stops = [
      reflex.on('breaker', (event) => tell('breaker', at(event))),
      reflex.on('cascade', (witness) => tell('cascade', this.#witness(witness))),
      reflex.on('stage', (event) => tell('stage', at(event))),
      reflex.on('recovered', (event) => tell('recovered', at(event))),
      reflex.on('regression', (event) => tell('latency', at(event))),
    ]
  }

  #atMs(timeUs: number): number {
    return Math.round(this.#originMs + timeUs / 1000)
  }

  state(): ReflexState {
    const { state, components, openBreakers, patternsLearned, violations, cascades, ...rest } = this.#reflex.health()
    const { ongoingWitness, shedFromTier, inFlight, events, dropped, componentStates } = rest
    return {
      state,
      components,
      openBreakers,
      patternsLearned,
      violations,
      cascades,
      ongoingWitness,
      shedFromTier,
      inFlight,
      events,
      dropped,
      componentStates: componentStates.map(stateOf),
    }
  }

  witnesses(): WitnessState[] {
    return this.#reflex.witnesses().map((one) => this.#witness(one))
  }

  #witness(one: Witness): WitnessState {
    const { witness, trigger, rootCause, components, affectedCount, decision, joined, recoveredUs } = one
    return {
      witness,
      atMs: this.#atMs(one.timeUs),
      trigger,
      rootCause,
      components,
      affectedCount,
      affected: one.affected.map(({ component, errorRate, p99Us, queueDepth }) => ({
        component,
        errorRate,
        p99Us,
        queueDepth,
      })),
      chain: one.chain.map(({ component, timeUs, blames }) => ({ component, atMs: this.#atMs(timeUs), blames })),
      decision,
      opened: [...one.action.opened],
      shedFromTier: one.action.shedFromTier,
      joined,
      recoveredAtMs: recoveredUs === null ? null : this.#atMs(recoveredUs),
      words: one.explain(),
    }
  }

  graph(): Graph {
    const { componentStates } = this.#reflex.health()
    const edges: { from: string; to: string }[] = []
    // From the longest untouched one on, so that looking does not change who is touched most recently.
    for (const { component } of [...componentStates].reverse()) {
      for (const to of this.#reflex.component(component).explain()?.callsTo ?? []) edges.push({ from: component, to })
    }
    return {
      nodes: componentStates.map(({ component, health, breaker, calls }) => ({
        component,
        health,
        state: breaker.state,
        calls,
      })),
      edges,
      patterns: this.#reflex.patterns().map(({ entry, calls, count, expectedUs, deviationUs }) => ({
        entry,
        calls: [...calls],
        count,
        expectedUs,
        deviationUs,
      })),
    }
  }

  /** What can be asked of a breaker; undefined where there is no such component. */
  operable(name: string): BreakerOperable | undefined {
    const component = this.#known(name)
    const breaker = component?.explain()?.breaker
    if (breaker === undefined) return undefined
    const shown = { component: name, state: breaker.state, opened: breaker.opened, commands: [...COMMANDS] }
    return { ...shown, revision: revisionOf(shown) }
  }

  obey(name: string, { command }: BreakerCommand): boolean {
    const component = this.#known(name)
    if (component === undefined) return false
    if (command === 'open') component.open()
    else if (command === 'force-open') component.forceOpen()
    else if (command === 'disable') component.disable()
    else component.auto()
    return true
  }

  /** A component that is there: to ask for a name makes one otherwise. */
  #known(name: string): Component | undefined {
    const { componentStates } = this.#reflex.health()
    return componentStates.some(({ component }) => component === name) ? this.#reflex.component(name) : undefined
  }

  close(): void {
    for (const stop of this.#stops) stop()
  }
}

/** What the interface has of a component; what else a later core may tell is left out. */
function stateOf(report: Health['componentStates'][number]): ComponentState {
  const { component, health, calls, errors, recentCalls, recentErrorRate, p99Us, queueDepth, limit, lastError } = report
  const { remoteBreaker, spike } = report as Pick<ComponentState, 'remoteBreaker' | 'spike'>
  const { state, failures, slow, failureRate, slowRate, inFlight, retryAfterUs, opened, refused, expired } =
    report.breaker
  return {
    component,
    health,
    calls,
    errors,
    recentCalls,
    recentErrorRate,
    p99Us,
    queueDepth,
    limit,
    lastError,
    remoteBreaker,
    spike,
    breaker: {
      state,
      calls: report.breaker.calls,
      failures,
      slow,
      failureRate,
      slowRate,
      inFlight,
      retryAfterUs: Number.isFinite(retryAfterUs) ? retryAfterUs : null,
      opened,
      refused,
      expired,
    },
  }
}

export function queueState(name: string, source: QueueSource): QueueState {
  const { stats, sizeOf, capacity } = source
  return {
    name,
    waiting: source.size ?? stats?.waiting ?? 0,
    ...(sizeOf !== undefined && { byTier: [0, 1, 2, 3, 4].map((tier) => source.sizeOf?.(tier) ?? 0) }),
    ...(stats?.running !== undefined && { running: stats.running }),
    ...(stats?.refused !== undefined && { refused: stats.refused }),
    ...(stats?.dropped !== undefined && { dropped: stats.dropped }),
    capacity: Number.isFinite(capacity) ? capacity : 1,
  }
}
