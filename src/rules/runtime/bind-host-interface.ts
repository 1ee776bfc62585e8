/** Requires that published ports are bound to one address of the host, not to every one it has. */
import { addressGroups, isEveryAddress } from '../../core/host-address.ts'
import { shownPort } from '../../core/published-ports.ts'
import { defineRule, type Observation } from '../../core/rule.ts'
import { untold, untoldMessage } from '../../core/untold.ts'
import { badInterfaces, goodInterfaces } from '../support/port-examples.ts'

export const bindHostInterface = defineRule({
  id: 'bind-host-interface',
  title: 'Ensure that incoming container traffic is bound to a specific host interface',
  severity: 'medium',
  category: 'engine',
  references: [
    { benchmark: 'cis-docker-1.13.0', item: '5.13' },
    { benchmark: 'cis-docker-1.7.0', item: '5.14' },
    { url: 'https://docs.docker.com/engine/network/port-publishing/' },
  ],
  rationale:
    'A port published without an address answers on every network the host is in, management and public ones alike, and past most host firewalls.',
  appliesTo: ['create', 'run', 'restore'],
  context: ['ports', 'publishesAll'],
  parameters: {
    addresses: {
      type: 'array',
      items: { type: 'string' },
      description: 'The addresses of the host that ports may be bound to; empty: any one address.',
      default: [],
    },
    'default-address': {
      type: 'string',
      description:
        'The address that the engines of this site bind ports to where none is given (Docker: `ip` in daemon.json for its own bridge, com.docker.network.bridge.host_binding_ipv4 for other networks); empty: every address.',
      default: '',
    },
  },
  messages: {
    every: {
      what: 'the port {actual} is published on every address of the host',
      why: 'It answers on networks it was not meant for.',
      remedy: {
        docker: 'name the address, as -p 127.0.0.1:8080:80',
        podman: 'name the address, as -p 127.0.0.1:8080:80',
        kubernetes: 'set hostIP beside hostPort, or use a Service',
        default: 'name the address of the host it is published on',
      },
    },
    other: {
      what: 'the port {actual} is published on an address that is not allowed',
      why: 'It answers on a network it was not meant for.',
      remedy: { default: 'publish it on {expected}' },
    },
    untold: untoldMessage('on which addresses ports are published'),
  },
  check: ({ engine: { ports, publishesAll } }, { addresses, 'default-address': defaultAddress }) => {
    if (ports.status !== 'known') return untold(ports)
    const judge = (hostIp: string, actual: string): readonly Observation<'every' | 'other'>[] => {
      const address = addressGroups(hostIp) === undefined ? defaultAddress : hostIp
      const expected = addresses.join(' or ') || 'one address of the host'
      const at = { pointer: '', actual, expected }
      if (isEveryAddress(address)) return [{ message: 'every', ...at }]
      const allowed = addresses.length === 0 || addresses.some((one) => isSame(one, address))
      return allowed ? [] : [{ message: 'other', ...at }]
    }
    const published = ports.value.flatMap((port) => judge(port.hostIp, shownPort(port)))
    if (publishesAll.status !== 'known') return [...published, ...untold(publishesAll)]
    // No address can be named for those.
    return publishesAll.value ? [...published, ...judge('', 'of each EXPOSE')] : published
  },
  examples: { good: goodInterfaces, bad: badInterfaces },
})

const isSame = (one: string, other: string): boolean =>
  addressGroups(one)?.join() === addressGroups(other)?.join()
