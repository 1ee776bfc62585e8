/** Published ports: ranges as engines write them, and what a site's lists say of them. */
import type { PublishedPort } from './engine-context.ts'
import { shownPath } from './host-paths.ts'

/** Ports from `first` to `last`, both included. */
export interface PortRange {
  readonly first: number
  readonly last: number
}

/**
 * The ports of `8080` or `8000-8010`, with or without `/tcp`; `free` where any free one is taken (nothing, `0`).
 * Undefined where it cannot be read. Docker's HostPort may carry a protocol too (moby daemon/network.go, nat.NewPort).
 */
export const portsOf = (text: string): PortRange | 'free' | undefined => {
  const [range = ''] = text.split('/')
  if (range === '') return 'free'
  const [, start = '', end = start] = /^0*(\d{1,5})(?:-0*(\d{1,5}))?$/.exec(range) ?? []
  const [first, last] = [Number(start), Number(end)]
  if (start === '' || first > last || last > 65535) return undefined
  return last === 0 ? 'free' : { first, last }
}

const protocolOf = (text: string): string => text.split('/')[1]?.toLowerCase() ?? ''

/**
 * True when an entry of the list covers all of these ports: `443/tcp`, `8000-8010` (any protocol), `*` (any port).
 * `ports` is what an engine calls the container's port; no protocol there means TCP.
 */
export const isListed = (ports: string, list: readonly string[]): boolean => {
  const wanted = portsOf(ports)
  return list.some((entry) => {
    if (entry === '*') return true
    const allowed = portsOf(entry)
    const protocol = protocolOf(entry)
    if (protocol !== '' && protocol !== (protocolOf(ports) || 'tcp')) return false
    if (typeof wanted !== 'object' || typeof allowed !== 'object') return false
    return allowed.first <= wanted.first && wanted.last <= allowed.last
  })
}

/** A published port for people: `0.0.0.0:8080 -> 80/tcp`. */
export const shownPort = ({ hostIp, hostPort, container }: PublishedPort): string => {
  const address = hostIp.includes(':') ? `[${hostIp}]` : hostIp
  const port = hostPort === '' || hostPort === '0' ? 'any free port' : hostPort
  return shownPath(`${address === '' ? '' : `${address}:`}${port} -> ${container}`)
}
