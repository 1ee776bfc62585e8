/** Examples of `host-userns`. */
import { hostFacts } from '../../core/example.ts'
import type { HostFacts } from '../../core/facts.ts'
import type { BadExample, Example } from '../../core/rule.ts'

const uidMap = '/proc/self/uid_map'
const initial: Partial<HostFacts> = {
  onHost: true,
  texts: { [uidMap]: '         0          0 4294967295\n' },
}
const rootless: Partial<HostFacts> = { onHost: true, texts: { [uidMap]: '0 1000 1\n1 100000 65536\n' } }
const own = (hostID: number, groups = hostID): object => ({
  linux: {
    namespaces: [{ type: 'mount' }, { type: 'user' }],
    uidMappings: [{ containerID: 0, hostID, size: 65536 }],
    gidMappings: [{ containerID: 0, hostID: groups, size: 65536 }],
  },
})
const joining = (path: string): object => ({ linux: { namespaces: [{ type: 'user', path }] } })
const sandbox = '/proc/4711/ns/user'
const joined = (id: string, texts = initial.texts): Partial<HostFacts> => ({
  ...hostFacts({
    '/proc/1/ns/user': '4:1',
    '/proc/self/ns/user': '4:1',
    [sandbox]: id === '' ? { error: 'ENOENT', id } : id,
  }),
  ...(texts === undefined ? {} : { texts }),
})
const remapped = '/var/lib/docker/100000.100000'
const required = { 'require-remapping': true }

export const usernsGood: readonly Example[] = [
  { name: 'an engine that does not remap, as engines are installed', facts: initial },
  { name: 'a namespace of its own', config: own(100000), facts: initial },
  {
    name: 'a namespace of its own, on a remapping Docker',
    config: { ...own(100000), root: { path: `${remapped}/overlay2/f00/merged` } },
    facts: initial,
  },
  { name: 'the namespace of a pod with hostUsers: false', config: joining(sandbox), facts: joined('4:2') },
  { name: 'a rootless engine', facts: rootless, parameters: required },
  { name: 'a rootless engine that maps its own user to root', config: own(0), facts: rootless },
  {
    name: 'the namespace of a rootless engine',
    config: joining(sandbox),
    facts: joined('4:1', rootless.texts),
  },
  {
    name: 'a folder of Podman that only looks like that of a remapping Docker',
    config: { root: { path: `${remapped}/overlay2/f00/merged` } },
    identity: { engine: 'podman', proven: true },
  },
]

export const usernsBad: readonly BadExample<'declined' | 'shared' | 'host' | 'mapped' | 'unresolved'>[] = [
  {
    name: '--userns=host on a Docker that remaps',
    config: { root: { path: `${remapped}/overlay2/f00/merged` } },
    identity: { engine: 'docker', proven: true, speaker: 'docker' },
    facts: initial,
    message: 'declined',
  },
  {
    name: "the same with containerd's image store, away from the host",
    config: {
      root: { path: '/run/containerd/x/rootfs' },
      mounts: [{ destination: '/etc/hosts', type: 'bind', source: `${remapped}/containers/f00/hosts` }],
    },
    message: 'declined',
  },
  {
    name: 'no namespace of its own, where that is asked for',
    facts: initial,
    parameters: required,
    message: 'shared',
  },
  { name: "the host's namespace by path", config: joining(sandbox), facts: joined('4:1'), message: 'host' },
  { name: 'the host by name, away from it', config: joining('/proc/1/ns/user'), message: 'host' },
  { name: 'root mapped to root', config: own(0), facts: initial, message: 'mapped' },
  { name: 'only groups mapped to root', config: own(100000, 0), facts: initial, message: 'mapped' },
  {
    name: 'another user mapped to root',
    config: {
      linux: {
        namespaces: [{ type: 'user', path: '' }],
        uidMappings: [
          { containerID: 0, hostID: 100000, size: 1000 },
          { containerID: 1000, hostID: 0, size: 1 },
        ],
      },
    },
    facts: initial,
    message: 'mapped',
  },
  {
    name: 'users of the host, where the policy keeps them apart',
    config: own(1000),
    facts: initial,
    parameters: { 'min-host-id': 65536 },
    message: 'mapped',
  },
  { name: 'a path that leads nowhere', config: joining(sandbox), facts: joined(''), message: 'unresolved' },
  { name: 'a path nobody can tell away from the host', config: joining(sandbox), message: 'unresolved' },
  { name: 'root mapped to root, away from the host', config: own(0), message: 'mapped' },
  { name: 'no namespace, away from the host', parameters: required, message: 'shared' },
]
