/** Examples of `engine-tcp-port`. */
import type { DockerdFact } from '../../core/facts.ts'
import type { Identity } from '../../core/identity.ts'
import type { BadExample, Example } from '../../core/rule.ts'

const folder = `/var/lib/docker/containers/${'0a'.repeat(32)}`
const docker: Partial<Identity> = { engine: 'docker', proven: true, speaker: 'docker', ownFolders: [folder] }

/** A container of a dockerd with these arguments and this configuration file. */
const served = (
  argv: readonly string[],
  settings: DockerdFact['settings'] = {},
  more: Partial<DockerdFact> = {},
): Pick<Example, 'identity' | 'facts'> => ({
  identity: docker,
  facts: {
    onHost: true,
    dockerds: { [folder]: { argv: ['dockerd', ...argv], settings, isCurrent: true, ...more } },
  },
})

const everywhere = 'tcp://0.0.0.0:2376'
const certificates = ['--tlscacert=/etc/docker/ca.pem', '--tlscert=/etc/docker/cert.pem']

export const engineTcpPortGood: readonly Example[] = [
  { name: 'its unix socket alone', ...served([]) },
  { name: 'a socket of systemd, which is none of TCP', ...served(['-H', 'fd://'], {}, { ports: [] }) },
  { name: 'clients verified, by options', ...served(['-H', everywhere, '--tlsverify', ...certificates]) },
  {
    name: 'clients verified, by its file',
    ...served([], { hosts: ['unix:///run/docker.sock', everywhere], tlsverify: true }),
  },
  { name: 'sockets of systemd, clients verified', ...served(['-DHfd://', '--tlsverify=1']) },
  {
    name: 'metrics, which are no API',
    ...served(['-Hfd://', '--metrics-addr', '127.0.0.1:9323'], {}, { ports: [9323] }),
  },
  {
    name: 'a file changed after it began, and no port at all',
    ...served([], { 'default-runtime': 'lintel' }, { isCurrent: false, ports: [] }),
  },
  {
    name: 'a file changed after it began, clients verified by its options',
    ...served(['-H', everywhere, '--tlsverify'], {}, { isCurrent: false }),
  },
  { name: 'a label that looks like an address', ...served(['--label', '--host=tcp://0.0.0.0:2375']) },
  { name: 'another engine', identity: { engine: 'podman', proven: true, ownFolders: ['/x'] } },
  { name: 'no engine', facts: { onHost: true } },
]

export const engineTcpPortBad: readonly BadExample<'open' | 'unknown'>[] = [
  ...(
    [
      ['-H', 'tcp://0.0.0.0:2375'],
      ['--host=tcp://127.0.0.1:2375'],
      ['-H=0.0.0.0:2375'],
      ['-DH', ' tcp://:2375 '],
      ['-H', 'unix:///run/docker.sock', '-Htcp://[::]:2375'],
    ] as const
  ).map((argv) => ({ name: argv.join(' '), ...served(argv), message: 'open' as const })),
  { name: 'hosts of its file', ...served([], { hosts: ['fd://', everywhere] }), message: 'open' },
  {
    name: 'encrypted, and nobody verified',
    ...served(['--tls', ...certificates], { hosts: [everywhere], tls: true }),
    message: 'open',
  },
  { name: 'verified by no means', ...served(['-H', everywhere, '--tlsverify=false']), message: 'open' },
  {
    name: 'switched on, and off again',
    ...served(['--tlsverify', '-H', everywhere, '--tlsverify=0']),
    message: 'open',
  },
  {
    name: 'the word for it as the value of another option',
    ...served(['-H', everywhere, '--label', '--tlsverify']),
    message: 'open',
  },
  {
    name: 'the word for it in its file, as text',
    ...served([], { hosts: [everywhere], tlsverify: 'true' }),
    message: 'open',
  },
  {
    name: 'ports of systemd’s sockets',
    ...served(['-H', 'fd://'], {}, { ports: [2375] }),
    message: 'unknown',
  },
  {
    name: 'a port beside that of metrics',
    ...served(['-H', 'fd://'], { 'metrics-addr': '127.0.0.1:9323' }, { ports: [9323, 323] }),
    message: 'unknown',
  },
  { name: 'sockets that cannot be seen', ...served(['-H', 'fd://docker.socket']), message: 'unknown' },
  {
    name: 'a file that was put right after it began',
    ...served([], { hosts: [everywhere], tlsverify: true }, { isCurrent: false, ports: [2376] }),
    message: 'unknown',
  },
  {
    name: 'metrics of a file that was changed after it began',
    ...served([], { 'metrics-addr': '127.0.0.1:2375' }, { isCurrent: false, ports: [2375] }),
    message: 'unknown',
  },
  {
    name: 'a file that cannot be read',
    identity: docker,
    facts: { onHost: true, dockerds: { [folder]: { argv: ['dockerd'], isCurrent: true } } },
    message: 'unknown',
  },
  {
    name: 'the same, where the site asks for proof',
    identity: docker,
    facts: { onHost: true, dockerds: { [folder]: { argv: ['dockerd'], isCurrent: true } } },
    parameters: { 'require-proof': true },
    message: 'unknown',
  },
  { name: 'no dockerd of root’s', identity: docker, facts: { onHost: true }, message: 'unknown' },
  {
    name: 'a Docker that is not proven',
    ...served([]),
    identity: { ...docker, proven: false },
    message: 'unknown',
  },
  {
    name: 'a container whose folder nothing proves',
    ...served([]),
    identity: { ...docker, ownFolders: [] },
    message: 'unknown',
  },
  { name: 'away from the host', identity: docker, message: 'unknown' },
]
