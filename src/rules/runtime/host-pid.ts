/** Forbids the host's process namespace, by inode and not by name. */
import { judgeNamespace, namespaceProbes, ownNamespace } from '../../core/namespaces.ts'
import { defineRule } from '../../core/rule.ts'
import { badNamespaces, goodNamespaces } from '../support/namespace-examples.ts'

export const hostPid = defineRule({
  id: 'host-pid',
  title: "Ensure that the host's process namespace is not shared",
  severity: 'high',
  category: 'namespaces',
  references: [
    { benchmark: 'cis-docker-1.13.0', item: '5.15' },
    { benchmark: 'cis-docker-1.7.0', item: '5.16' },
    { benchmark: 'pss-baseline', item: 'hostPID' },
    { benchmark: 'stig-docker-enterprise-2', item: 'SV-104739' },
    { url: 'https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md#namespaces' },
    { url: 'https://man7.org/linux/man-pages/man7/pid_namespaces.7.html' },
  ],
  rationale:
    "With the host's process namespace a container sees and signals the processes of the host, reads their environment, and with ptrace rights leaves through /proc/1/root.",
  appliesTo: ['create', 'run', 'restore'],
  parameters: {},
  messages: {
    host: {
      what: "the container would share the host's process namespace ({actual})",
      why: 'It sees and may signal or trace the processes of the host.',
      remedy: {
        docker: 'leave out --pid host',
        podman: 'leave out --pid host',
        kubernetes: 'set hostPID: false',
        ctr: 'leave out --with-ns pid:',
        default: 'list {"type":"pid"} without the host path in linux.namespaces',
      },
    },
    unresolved: {
      what: "{actual} could not be compared with the host's process namespace",
      why: "A namespace that cannot be looked at may be the host's, whatever its path says.",
      remedy: {
        kubernetes: 'create the pod again: its sandbox may be gone',
        default: 'check that the container whose namespace is joined still runs',
      },
    },
  },
  probes: (input) => namespaceProbes(input, 'pid'),
  check: (input) => judgeNamespace(input, 'pid'),
  fix: (observations, input) => ownNamespace(observations, input, 'pid'),
  examples: { good: goodNamespaces('pid'), bad: badNamespaces('pid') },
})
