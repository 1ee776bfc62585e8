/** Forbids publishing on the host's privileged ports, ranges and protocols included. */
import type { PublishedPort } from '../../core/engine-context.ts'
import { portsOf, shownPort } from '../../core/published-ports.ts'
import { defineRule, type Observation, type RuleInput } from '../../core/rule.ts'
import { untold, untoldMessage } from '../../core/untold.ts'
import { badPrivilegedPorts, goodPrivilegedPorts } from '../support/port-examples.ts'

export const privilegedPorts = defineRule({
  id: 'privileged-ports',
  title: 'Ensure that privileged ports are not mapped within containers',
  severity: 'medium',
  category: 'engine',
  references: [
    { benchmark: 'cis-docker-1.13.0', item: '5.7' },
    { benchmark: 'cis-docker-1.7.0', item: '5.8' },
    { url: 'https://docs.kernel.org/networking/ip-sysctl.html' },
  ],
  rationale:
    'Ports below 1024 carry what clients trust the host for. Engines bind them as root, so a container gets one without the privilege the kernel asks of everybody else.',
  appliesTo: ['create', 'run', 'restore'],
  context: ['ports'],
  parameters: {
    first: {
      type: 'integer',
      description: 'The lowest port of the host that may be published.',
      default: 1024,
      minimum: 1,
      maximum: 65535,
    },
    allow: {
      type: 'array',
      items: { type: 'string' },
      description: 'Lower ports of the host that may be published all the same, such as 80 or 443.',
      default: [],
    },
  },
  messages: {
    privileged: {
      what: 'the privileged port {actual} is published',
      why: 'Clients trust what answers there to be the host.',
      remedy: {
        docker: 'publish it on a port from {expected} on, as -p 8080:80',
        podman: 'publish it on a port from {expected} on, as -p 8080:80',
        kubernetes: 'use a Service, or a hostPort from {expected} on',
        default: 'publish it on a port from {expected} on',
      },
    },
    unreadable: {
      what: 'whether the port {actual} is privileged cannot be read',
      why: 'Engines may read what is written there in another way.',
      remedy: { default: 'write the port of the host as one number' },
    },
    untold: untoldMessage('whether privileged ports are published'),
  },
  probes: ({ engine: { ports } }) =>
    ports.status === 'known' && ports.value.some(isFree) ? [{ path: freePorts, kind: 'text' }] : [],
  check: (input, parameters) => {
    const { ports } = input.engine
    if (ports.status !== 'known') return untold(ports)
    return ports.value.flatMap((port) => judge(port, input, parameters))
  },
  examples: { good: goodPrivilegedPorts, bad: badPrivilegedPorts },
})

// Where engines take free ports from (moby libnetwork/portallocator).
const freePorts = '/proc/sys/net/ipv4/ip_local_port_range'

const isFree = ({ hostPort }: PublishedPort): boolean => portsOf(hostPort) === 'free'

const judge = (
  port: PublishedPort,
  { facts }: RuleInput,
  { first, allow }: { readonly first: number; readonly allow: readonly string[] },
): readonly Observation<'privileged' | 'unreadable'>[] => {
  const ports = portsOf(port.hostPort)
  const at = { pointer: '', actual: shownPort(port), expected: String(first) }
  if (ports === undefined) return [{ message: 'unreadable', ...at, unknown: true }]
  if (ports === 'free') {
    const lowest = Number(facts.texts[freePorts]?.trim().split(/\s+/)[0] ?? first)
    return lowest < first ? [{ message: 'privileged', ...at }] : []
  }
  for (let number = ports.first; number <= ports.last && number < first; number++) {
    if (!allow.includes(String(number))) return [{ message: 'privileged', ...at }]
  }
  return []
}
