/** Forbids the host's IPC namespace and its /dev/shm, by inode and not by name. */
import { hostFacts } from '../../core/example.ts'
import { judgeNamespace, namespaceProbes, ownNamespace } from '../../core/namespaces.ts'
import { defineRule } from '../../core/rule.ts'
import { judgeSharedMemory, ownSharedMemory, sharedMemoryProbes } from '../../core/shared-memory.ts'
import { badNamespaces, goodNamespaces } from '../support/namespace-examples.ts'

export const hostIpc = defineRule({
  id: 'host-ipc',
  title: "Ensure that the host's IPC namespace is not shared",
  severity: 'high',
  category: 'namespaces',
  references: [
    { benchmark: 'cis-docker-1.13.0', item: '5.16' },
    { benchmark: 'cis-docker-1.7.0', item: '5.17' },
    { benchmark: 'pss-baseline', item: 'hostIPC' },
    { benchmark: 'stig-docker-enterprise-2', item: 'SV-104741' },
    { url: 'https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md#namespaces' },
    { url: 'https://man7.org/linux/man-pages/man7/ipc_namespaces.7.html' },
  ],
  rationale:
    'Shared memory, semaphores and message queues of the host carry data of its processes, often without a check of who reads; POSIX shared memory is shared by the mount of /dev/shm alone.',
  appliesTo: ['create', 'run', 'restore'],
  parameters: {},
  messages: {
    host: {
      what: "the container would share the host's IPC namespace ({actual})",
      why: 'It reads and changes shared memory and queues of the processes of the host.',
      remedy: {
        docker: 'leave out --ipc host',
        podman: 'leave out --ipc host',
        kubernetes: 'set hostIPC: false',
        ctr: 'leave out --with-ns ipc:',
        default: 'list {"type":"ipc"} without the host path in linux.namespaces',
      },
    },
    shm: {
      what: "the container would share the host's shared memory: {actual}",
      why: 'POSIX shared memory is a folder: who mounts it shares it, whatever the namespaces.',
      remedy: {
        docker: 'leave out --ipc host and -v /dev/shm',
        podman: 'leave out --ipc host and -v /dev/shm',
        kubernetes: 'set hostIPC: false; mount an emptyDir with medium: Memory, not /dev/shm',
        default: 'mount a tmpfs on /dev/shm instead of the host folder',
      },
    },
    unresolved: {
      what: "{actual} could not be compared with the host's IPC namespace or shared memory",
      why: "What cannot be looked at may be the host's, whatever its path says.",
      remedy: {
        kubernetes: 'create the pod again: its sandbox may be gone',
        default: 'check that the container whose IPC is joined still runs',
      },
    },
  },
  probes: (input) => [...namespaceProbes(input, 'ipc'), ...sharedMemoryProbes(input)],
  check: (input) => [...judgeNamespace(input, 'ipc'), ...judgeSharedMemory(input)],
  fix: (observations, input) => [
    ...ownNamespace(observations, input, 'ipc'),
    ...ownSharedMemory(observations, input),
  ],
  examples: {
    good: [
      ...goodNamespaces('ipc'),
      {
        name: 'the shared memory of the sandbox, as CRI mounts it',
        config: {
          mounts: [{ destination: '/dev/shm', type: 'bind', source: '/run/sandbox/shm', options: ['rbind'] }],
        },
        facts: hostFacts({ '/run/sandbox/shm': '30:1', '/dev/shm': '25:1' }),
      },
    ],
    bad: [
      ...badNamespaces('ipc'),
      {
        name: "the host's /dev/shm in an IPC namespace of the container's own",
        config: {
          mounts: [{ destination: '/dev/shm', type: 'bind', source: '/dev/shm', options: ['rbind'] }],
        },
        facts: hostFacts({ '/dev/shm': '25:1' }),
        message: 'shm',
      },
      {
        name: "the host's /dev/shm under another name",
        config: { mounts: [{ destination: '/dev/shm/', source: '/run/copy', options: ['bind'] }] },
        facts: hostFacts({ '/run/copy': '25:1', '/dev/shm': '25:1' }),
        message: 'shm',
      },
      {
        name: "the host's /dev/shm elsewhere in the container is left to a person",
        config: {
          mounts: [{ destination: '/shared', type: 'bind', source: '/dev/shm', options: ['rbind'] }],
        },
        message: 'shm',
        fixable: false,
      },
      {
        name: 'a source nobody can tell away from the host',
        config: {
          mounts: [{ destination: '/dev/shm', type: 'bind', source: '/run/x/shm', options: ['rbind'] }],
        },
        message: 'unresolved',
      },
    ],
  },
})
