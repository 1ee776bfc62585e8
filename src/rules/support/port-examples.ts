/** The examples of the rules on published ports. */
import { inapplicable, known, type PublishedPort, unknown } from '../../core/engine-context.ts'
import type { BadExample, Example } from '../../core/rule.ts'

const published = (...ports: readonly Partial<PublishedPort>[]): Pick<Example, 'engine'> => ({
  engine: {
    ports: known(ports.map((port) => ({ container: '80/tcp', hostIp: '', hostPort: '', ...port }))),
  },
})

const freeFrom = (range: string): Pick<Example, 'facts'> => ({
  facts: { onHost: true, texts: { '/proc/sys/net/ipv4/ip_local_port_range': range } },
})

const untold = {
  name: 'an engine that keeps its ports to itself',
  engine: {
    ports: unknown('Podman keeps it in its database'),
    publishesAll: unknown('Podman keeps it in its database'),
  },
  message: 'untold',
} as const

const member: Example = {
  name: 'a container whose ports belong to its pod',
  engine: {
    ports: inapplicable('ports belong to the sandbox'),
    publishesAll: inapplicable('no such option'),
  },
}

export const goodPrivilegedPorts: readonly Example[] = [
  { name: 'no ports', ...published() },
  { name: 'a port of its own', ...published({ hostPort: '8080' }) },
  { name: 'any free port', ...published({ hostPort: '' }), ...freeFrom('32768\t60999\n') },
  { name: 'any free port, away from the host', ...published({ hostPort: '0' }) },
  {
    name: 'a privileged port inside, another outside',
    ...published({ hostPort: '1024', container: '1/tcp' }),
  },
  {
    name: 'a privileged port the site allows',
    ...published({ hostPort: '443' }),
    parameters: { allow: ['443'] },
  },
  member,
]

const privileged = { message: 'privileged' } as const

export const badPrivilegedPorts: readonly BadExample<'privileged' | 'unreadable' | 'untold'>[] = [
  { name: 'a privileged port', ...published({ hostPort: '80' }), ...privileged },
  { name: 'the last privileged port', ...published({ hostPort: '1023' }), ...privileged },
  { name: 'bound to one address', ...published({ hostPort: '53', hostIp: '127.0.0.1' }), ...privileged },
  { name: 'a range that begins below', ...published({ hostPort: '1000-1100' }), ...privileged },
  { name: 'a range that begins at zero', ...published({ hostPort: '0-2000' }), ...privileged },
  {
    name: 'a range of which one is allowed',
    ...published({ hostPort: '443-444' }),
    parameters: { allow: ['443'] },
    ...privileged,
  },
  { name: 'with leading zeros', ...published({ hostPort: '00080' }), ...privileged },
  { name: 'with a protocol, as the API takes it', ...published({ hostPort: '80/tcp' }), ...privileged },
  { name: 'the second of two', ...published({ hostPort: '8080' }, { hostPort: '22' }), ...privileged },
  {
    name: 'any free port, where the host counts privileged ones as free',
    ...published({ hostPort: '' }),
    ...freeFrom('500\t60999\n'),
    ...privileged,
  },
  { name: 'a port nobody can read', ...published({ hostPort: 'http' }), message: 'unreadable' },
  untold,
]

export const goodNeededPorts: readonly Example[] = [
  { name: 'no ports', ...published() },
  { name: 'ports by number, where the site has no list', ...published({ hostPort: '8080' }) },
  {
    name: 'ports on the list',
    ...published({ container: '443/tcp', hostPort: '8443' }, { container: '8001/udp', hostPort: '8001' }),
    parameters: { allow: ['443/tcp', '8000-8010'] },
  },
  {
    name: 'all exposed ports, where the site allows it',
    engine: { publishesAll: known(true) },
    parameters: { 'publish-all': true },
  },
  member,
]

export const badNeededPorts: readonly BadExample<'all' | 'unneeded' | 'untold'>[] = [
  { name: 'all exposed ports at once', engine: { publishesAll: known(true) }, message: 'all' },
  {
    name: 'a port outside the list',
    ...published({ container: '22/tcp', hostPort: '2222' }),
    parameters: { allow: ['443/tcp'] },
    message: 'unneeded',
  },
  {
    name: 'the same number with another protocol',
    ...published({ container: '443/udp', hostPort: '443' }),
    parameters: { allow: ['443/tcp'] },
    message: 'unneeded',
  },
  {
    name: 'any host port, as the Pod Security Standards have it',
    ...published({ hostPort: '8080' }),
    parameters: { allow: [] },
    message: 'unneeded',
  },
  untold,
]

export const goodInterfaces: readonly Example[] = [
  { name: 'no ports', ...published() },
  { name: 'one address', ...published({ hostIp: '127.0.0.1', hostPort: '8080' }) },
  { name: 'one IPv6 address', ...published({ hostIp: 'fd00::10', hostPort: '8080' }) },
  {
    name: 'no address, where the engine binds to one by itself',
    ...published({ hostPort: '8080' }),
    parameters: { 'default-address': '127.0.0.1' },
  },
  {
    name: 'all exposed ports, where the engine binds to one address by itself',
    engine: { ports: known([]), publishesAll: known(true) },
    parameters: { 'default-address': '127.0.0.1' },
  },
  {
    name: 'an address of the list, spelled differently',
    ...published({ hostIp: '::ffff:127.0.0.1' }),
    parameters: { addresses: ['127.0.0.1'] },
  },
  member,
]

const every = { message: 'every' } as const

export const badInterfaces: readonly BadExample<'every' | 'other' | 'untold'>[] = [
  { name: 'no address', ...published({ hostPort: '8080' }), ...every },
  { name: 'any free port without an address', ...published({}), ...every },
  {
    name: 'all exposed ports at once',
    engine: { ports: known([]), publishesAll: known(true) },
    ...every,
  },
  {
    name: 'all exposed ports beside one that is bound to an address',
    engine: {
      ports: known([{ container: '80/tcp', hostIp: '127.0.0.1', hostPort: '80' }]),
      publishesAll: known(true),
    },
    ...every,
  },
  {
    name: 'an engine that keeps from us whether it publishes all',
    engine: { ports: known([]), publishesAll: unknown('Podman keeps it in its database') },
    message: 'untold',
  },
  { name: 'every IPv4 address', ...published({ hostIp: '0.0.0.0' }), ...every },
  { name: 'every IPv6 address', ...published({ hostIp: '::' }), ...every },
  { name: 'every address, written out', ...published({ hostIp: '0:0:0:0:0:0:0:0' }), ...every },
  { name: 'every address, mapped', ...published({ hostIp: '::ffff:0.0.0.0' }), ...every },
  {
    name: 'what is no address, which dockerd takes for none',
    ...published({ hostIp: 'localhost' }),
    ...every,
  },
  {
    name: 'every address by name, whatever the default is',
    ...published({ hostIp: '0.0.0.0' }),
    parameters: { 'default-address': '127.0.0.1' },
    ...every,
  },
  {
    name: 'an address outside the list',
    ...published({ hostIp: '192.0.2.7' }),
    parameters: { addresses: ['127.0.0.1', '::1'] },
    message: 'other',
  },
  untold,
]
