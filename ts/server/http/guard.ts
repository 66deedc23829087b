/**
 * Which requests are looked at at all, before anybody is asked who they are: the host they name must be one that is served here
 * (against DNS rebinding), and a page of another origin may not ask (against cross-site requests).
 *
 * An address in figures cannot be rebound, since a page that was loaded from a name has that name as its origin; so hosts are
 * loopback's names, addresses, and names that the operator lists.
 */
import { Problem } from './problem.js'

/** Loopback's addresses as sockets tell them. */
const LOOPBACK = /^(?:::ffff:)?127(?:\.\d{1,3}){3}$|^::1$/
const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/
const ADDRESS_HOST = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]{2,45}\])$/
const HOST = /^([a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::(\d{1,5}))?$/
/** A proxy was on the way: then the peer says nothing about who asked. */
const FORWARDED = /^(?:forwarded|via|x-forwarded-.*|x-real-ip|x-client-ip|cf-connecting-ip)$/

export const isLoopback = (address: string | undefined): boolean => address !== undefined && LOOPBACK.test(address)
export const isLoopbackHost = (host: string): boolean => LOOPBACK_HOST.test(host)

export interface GuardOptions {
  /** Names, with or without a port, that are served besides loopback and addresses; lower case. */
  readonly hosts: readonly string[]
  /** Origins of other pages that may ask. */
  readonly origins: readonly string[]
}

export interface Guarded {
  /** The host without its port, lower case. */
  readonly hostname: string
  /** Set where a page of a listed origin asks: the answer names it. */
  readonly origin: string | undefined
}

/** Throws `wrong-host` or `cross-origin`. */
export function guard(headers: Headers, url: URL, { hosts, origins }: GuardOptions): Guarded {
  const host = (headers.get('host') ?? url.host).toLowerCase()
  const match = HOST.exec(host)
  if (match === null) throw new Problem('malformed-request', 'the Host header is none')
  const hostname = match[1] as string
  const served =
    LOOPBACK_HOST.test(hostname) || ADDRESS_HOST.test(hostname) || hosts.includes(hostname) || hosts.includes(host)
  if (!served) throw new Problem('wrong-host', 'the Host header names a host that is not served here')
  return { hostname, origin: checkOrigin(headers, host, origins) }
}

function checkOrigin(headers: Headers, host: string, origins: readonly string[]): string | undefined {
  const origin = headers.get('origin')
  if (origin !== null) {
    if (origins.includes(origin)) return origin
    // The scheme may be another one behind a proxy that ends TLS.
    if (/^https?:\/\//.test(origin) && origin.slice(origin.indexOf('//') + 2).toLowerCase() === host) return undefined
    throw new Problem('cross-origin', 'the request comes from a page of another origin')
  }
  const site = headers.get('sec-fetch-site')
  const crossing = site === 'cross-site' || site === 'same-site'
  // A link from elsewhere may lead to the page itself.
  const link = headers.get('sec-fetch-mode') === 'navigate' && headers.get('sec-fetch-dest') === 'document'
  if (crossing && !link) throw new Problem('cross-origin', 'the request comes from a page of another origin')
  return undefined
}

/** Whether somebody on this machine asked this machine, with nobody in between. */
export function isLocal(headers: Headers, hostname: string, peer: string | undefined): boolean {
  return isLoopback(peer) && isLoopbackHost(hostname) && ![...headers.keys()].some((name) => FORWARDED.test(name))
}
