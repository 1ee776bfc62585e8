/** Examples of `foreign-namespaces`. */
import { hostFacts } from '../../core/example.ts'
import type { BadExample, Example } from '../../core/rule.ts'

const joining = (type: string, path: string): object => ({
  linux: { namespaces: [{ type: 'mount' }, { type, path }] },
})

const facts = (file: string, id: string) =>
  hostFacts({
    '/proc/4711/ns/pid': id,
    '/proc/4711/ns/ipc': id,
    [`/proc/1/ns/${file}`]: '4:1',
    [`/proc/self/ns/${file}`]: '4:1',
  })

const pod = '0123456789abcdef'.repeat(4)

const podMember = (parent: string): object => ({
  linux: { namespaces: [{ type: 'ipc', path: '/proc/4711/ns/ipc' }], cgroupsPath: parent },
})

export const foreignGood: readonly Example[] = [
  { name: 'namespaces of its own' },
  { name: 'the network of another container', config: joining('network', '/proc/4711/ns/net') },
  {
    name: 'namespaces that the engine made for it',
    config: {
      linux: {
        namespaces: [
          { type: 'network', path: '/run/user/1000/netns/netns-1' },
          { type: 'ipc', path: '/var/run/ipcns/9b1e4f5c' },
          { type: 'uts', path: '/var/run/utsns/9b1e4f5c' },
        ],
      },
    },
    parameters: { allow: [] },
  },
  {
    name: 'the namespaces of the pod, as Kubernetes joins them',
    config: joining('pid', '/proc/4711/ns/pid'),
    identity: { engine: 'containerd', proven: true, speaker: 'kubernetes' },
    facts: facts('pid', '4:2'),
  },
  {
    name: 'the namespaces of a pod of Podman',
    config: podMember(`/libpod_parent/${pod}/libpod-1`),
    identity: { engine: 'podman', proven: true, speaker: 'podman' },
    facts: { ...facts('ipc', '4:2'), texts: { '/proc/4711/cgroup': `0::/libpod_parent/${pod}/libpod-2\n` } },
  },
  {
    name: "the host's are for other rules to judge",
    config: joining('pid', '/proc/4711/ns/pid'),
    facts: facts('pid', '4:1'),
  },
]

export const foreignBad: readonly BadExample<'joined' | 'unknown'>[] = [
  {
    name: 'the processes of another container (--pid container:)',
    config: joining('pid', '/proc/4711/ns/pid'),
    facts: facts('pid', '4:2'),
    message: 'joined',
  },
  {
    name: 'its IPC namespace, by who says to be Kubernetes',
    config: joining('ipc', '/proc/4711/ns/ipc'),
    identity: { engine: 'containerd', proven: false, speaker: 'kubernetes' },
    facts: facts('ipc', '4:2'),
    message: 'joined',
  },
  {
    name: 'the network of another container, where the policy does not allow it',
    config: joining('network', '/proc/4711/ns/net'),
    parameters: { allow: [] },
    facts: hostFacts({ '/proc/4711/ns/net': '4:2', '/proc/1/ns/net': '4:1', '/proc/self/ns/net': '4:1' }),
    message: 'joined',
  },
  {
    name: 'a path that only begins like a folder of pinned ones, and one that climbs out',
    config: {
      linux: {
        namespaces: [
          { type: 'ipc', path: '/run/ipcns-of-others/a' },
          { type: 'pid', path: '/run/pidns/../../proc/4711/ns/pid' },
        ],
      },
    },
    facts: { onHost: true },
    message: 'unknown',
  },
  {
    name: 'another pod of Podman, below a cgroup that looks like its own',
    config: podMember(`machine-libpod_pod_${pod}.slice:libpod:1`),
    identity: { engine: 'podman', proven: true, speaker: 'podman' },
    facts: {
      ...facts('ipc', '4:2'),
      texts: { '/proc/4711/cgroup': `0::/libpod_parent/${'0'.repeat(64)}/libpod-2\n` },
    },
    message: 'joined',
  },
  { name: 'away from the host', config: joining('pid', '/proc/4711/ns/pid'), message: 'unknown' },
]
