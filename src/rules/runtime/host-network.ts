/** Forbids the host's network namespace, by inode and not by name. */
import { judgeNamespace, namespaceProbes } from '../../core/namespaces.ts'
import { defineRule } from '../../core/rule.ts'
import { badNamespaces, goodNamespaces } from '../support/namespace-examples.ts'

export const hostNetwork = defineRule({
  id: 'host-network',
  title: "Ensure that the host's network namespace is not shared",
  severity: 'high',
  category: 'namespaces',
  references: [
    { benchmark: 'cis-docker-1.13.0', item: '5.9' },
    { benchmark: 'cis-docker-1.7.0', item: '5.10' },
    { benchmark: 'pss-baseline', item: 'hostNetwork' },
    { benchmark: 'stig-docker-enterprise-2', item: 'DKER-EE-002000' },
    { url: 'https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md#namespaces' },
    { url: 'https://nvd.nist.gov/vuln/detail/CVE-2020-15257' },
  ],
  rationale:
    "In the host's network namespace a container reaches every service that listens on localhost or on an abstract socket, opens any port and reads all traffic its capabilities allow.",
  appliesTo: ['create', 'run', 'restore'],
  parameters: {},
  messages: {
    host: {
      what: "the container would share the host's network namespace ({actual})",
      why: 'It reaches services that trust localhost and abstract sockets of the host (CVE-2020-15257).',
      remedy: {
        docker: 'use --network bridge or a network of your own, not host',
        podman: 'leave out --network host',
        kubernetes: 'set hostNetwork: false',
        ctr: 'leave out --net-host',
        default: 'list {"type":"network"} without the host path in linux.namespaces',
      },
    },
    unresolved: {
      what: "{actual} could not be compared with the host's network namespace",
      why: "A namespace that cannot be looked at may be the host's, whatever its path says.",
      remedy: {
        kubernetes: 'create the pod again: its sandbox may be gone',
        default: 'check that the container whose namespace is joined still runs',
      },
    },
  },
  probes: (input) => namespaceProbes(input, 'network'),
  check: (input) => judgeNamespace(input, 'network'),
  examples: { good: goodNamespaces('network'), bad: badNamespaces('network') },
})
