/**
 * The health endpoint: the reflex's health as JSON, as OpenMetrics, or as a page, by what is asked for.
 *
 * The status is 200 while the process can answer at all: one that tells a load balancer to take it away because a neighbour is
 * down makes the cascade worse.
 */
import type { Health, Reflex } from '../resilience/reflex/reflex.js'
import { healthPage } from './health-page.js'

export interface HealthAnswer {
  readonly status: 200
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

type Format = 'json' | 'metrics' | 'page'
const TYPES: Readonly<Record<Format, string>> = {
  json: 'application/json; charset=utf-8',
  metrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  page: 'text/html; charset=utf-8',
}

/** `accept` is the request's header; `url` may choose with `?format=json|metrics|page`. */
export function healthAnswer(reflex: Reflex, url: string, accept: string): HealthAnswer {
  const format = formatOf(url, accept)
  return {
    status: 200,
    headers: {
      'content-type': TYPES[format],
      'cache-control': 'no-store',
      ...(format === 'page' && {
        'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
        'x-content-type-options': 'nosniff',
      }),
    },
    body: bodyOf(format, reflex),
  }
}

function bodyOf(format: Format, reflex: Reflex): string {
  if (format === 'metrics') return reflex.metrics()
  const health: Health = reflex.health()
  return format === 'json' ? `${JSON.stringify(health)}\n` : healthPage(health, reflex.witnesses())
}

function formatOf(url: string, accept: string): Format {
  const asked = /[?&]format=(\w+)/.exec(url)?.[1]
  if (asked === 'json' || asked === 'metrics' || asked === 'page') return asked
  if (accept.includes('openmetrics') || accept.includes('text/plain')) return 'metrics'
  return accept.includes('text/html') ? 'page' : 'json'
}
