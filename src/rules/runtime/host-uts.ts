/** Forbids the host's UTS namespace, by inode and not by name. */
import { judgeNamespace, namespaceProbes, ownNamespace, sharesNamespace } from '../../core/namespaces.ts'
import { defineRule } from '../../core/rule.ts'
import { badNamespaces, goodNamespaces } from '../support/namespace-examples.ts'

export const hostUts = defineRule({
  id: 'host-uts',
  title: "Ensure that the host's UTS namespace is not shared",
  severity: 'low',
  category: 'namespaces',
  references: [
    { benchmark: 'cis-docker-1.13.0', item: '5.20' },
    { benchmark: 'cis-docker-1.7.0', item: '5.21' },
    { benchmark: 'stig-docker-enterprise-2', item: 'DKER-EE-002060' },
    { url: 'https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md#namespaces' },
    { url: 'https://man7.org/linux/man-pages/man7/uts_namespaces.7.html' },
  ],
  rationale:
    "With the host's UTS namespace a container sees the host's name, and with CAP_SYS_ADMIN or a hostname in its configuration changes it for the whole host.",
  appliesTo: ['create', 'run', 'restore'],
  parameters: {},
  messages: {
    host: {
      what: "the container would share the host's UTS namespace ({actual})",
      why: 'A hostname set by the container would become the name of the host.',
      remedy: {
        docker: 'leave out --uts host',
        podman: 'leave out --uts host',
        kubernetes: 'set hostNetwork: false',
        ctr: 'leave out --with-ns uts:',
        default: 'list {"type":"uts"} without the host path in linux.namespaces',
      },
    },
    unresolved: {
      what: "{actual} could not be compared with the host's UTS namespace",
      why: "A namespace that cannot be looked at may be the host's, whatever its path says.",
      remedy: {
        kubernetes: 'create the pod again: its sandbox may be gone',
        default: 'check that the container whose namespace is joined still runs',
      },
    },
  },
  probes: (input) => [
    ...namespaceProbes(input, 'uts'),
    ...(input.identity.speaker === 'kubernetes' ? namespaceProbes(input, 'network') : []),
  ],
  check: (input) => {
    const found = judgeNamespace(input, 'uts')
    // A pod with hostNetwork loses its UTS namespace with it and nobody asked for that: host-network reports it.
    const implied =
      found.length > 0 && input.identity.speaker === 'kubernetes' && sharesNamespace(input, 'network')
    return implied ? [] : found
  },
  fix: (observations, input) => ownNamespace(observations, input, 'uts'),
  examples: {
    good: [
      ...goodNamespaces('uts'),
      {
        name: "a pod's UTS namespace goes with its network",
        config: { hostname: null, linux: { namespaces: [{ type: 'mount' }] } },
        identity: { speaker: 'kubernetes' },
      },
    ],
    bad: [
      ...badNamespaces('uts'),
      {
        name: 'a pod on its own network that has lost its UTS namespace',
        config: { linux: { namespaces: [{ type: 'network' }] } },
        identity: { speaker: 'kubernetes' },
        message: 'host',
      },
    ],
  },
})
