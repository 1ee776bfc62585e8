/** Examples of `writable-cgroups`, on hosts of both versions. */
import { hostTree, viewOf } from '../../core/example-facts.ts'
import type { HostFacts } from '../../core/facts.ts'
import type { Mount } from '../../core/oci.ts'
import type { BadExample, Example } from '../../core/rule.ts'

const folder = '/sys/fs/cgroup'

const cgroups = (...options: readonly string[]): { readonly mounts: readonly Mount[] } => ({
  mounts: [{ destination: folder, type: 'cgroup', source: 'cgroup', options: ['nosuid', ...options] }],
})

const bind = (source: string, destination: string, ...options: readonly string[]) => ({
  mounts: [{ destination, type: 'bind', source, options: ['rbind', ...options] }],
})

const volume = '/var/lib/docker/volumes/v/_data'

const initial = '0 0 4294967295\n'

const version2: Partial<HostFacts> = {
  ...hostTree({ [folder]: {} }),
  texts: { [`${folder}/cgroup.controllers`]: 'cpu memory pids\n', '/proc/self/uid_map': initial },
}

const version1: Partial<HostFacts> = {
  ...hostTree({ [folder]: { submounts: [viewOf(`${folder}/memory`)] }, [`${folder}/systemd`]: {} }),
  texts: { '/proc/self/uid_map': initial },
}

const own = { linux: { namespaces: [{ type: 'mount' }, { type: 'cgroup' }] } }

export const cgroupsGood: readonly Example[] = [
  { name: 'no cgroups', config: { mounts: [] } },
  { name: 'read-only cgroups, as engines mount them', config: cgroups('relatime', 'ro') },
  { name: 'writable again and then not', config: cgroups('rw', 'ro') },
  { name: 'its own group of version 2', config: { ...cgroups('rw'), ...own }, facts: version2 },
  {
    name: 'its own group of version 2, by type',
    config: {
      mounts: [{ destination: folder, type: 'cgroup2', source: 'cgroup2', options: ['rw'] }],
      ...own,
    },
  },
  { name: "the host's, read-only, version 2", config: bind(folder, folder, 'ro'), facts: version2 },
  {
    name: "the host's, read-only with all below, version 1",
    config: bind(folder, folder, 'rro'),
    facts: version1,
  },
  {
    name: 'another mount of them, read-only',
    config: bind(volume, '/x', 'ro'),
    facts: { ...version2, ...hostTree({ [volume]: { id: '9:1', fileSystem: 'cgroup2' } }) },
  },
  {
    name: 'a rootless caller writes to what was delegated to it',
    config: cgroups('rw'),
    facts: { ...version2, texts: { '/proc/self/uid_map': '0 1000 1\n' } },
  },
  {
    name: 'a systemd container of Podman on version 1',
    config: {
      ...bind(`${folder}/systemd`, `${folder}/systemd`),
      linux: { maskedPaths: [`${folder}/systemd/release_agent`] },
    },
    identity: { engine: 'podman', proven: true },
    facts: version1,
  },
]

export const cgroupsBad: readonly BadExample<'instance' | 'bound' | 'agent' | 'unknown'>[] = [
  {
    name: 'writable cgroups of version 1',
    config: { ...cgroups(), ...own },
    facts: version1,
    message: 'instance',
  },
  {
    name: 'writable, the last flag winning',
    config: cgroups('ro', 'rw'),
    facts: version1,
    message: 'instance',
  },
  {
    name: 'version 2 in the cgroup namespace of the host (--cgroupns host)',
    config: cgroups('rw'),
    facts: version2,
    message: 'instance',
  },
  { name: 'without a cgroup namespace, wherever it runs', config: cgroups('rw'), message: 'instance' },
  {
    name: 'the cgroup namespace of the host by path',
    config: { ...cgroups('rw'), linux: { namespaces: [{ type: 'cgroup', path: '/proc/1/ns/cgroup' }] } },
    message: 'instance',
  },
  {
    name: 'its own group, where the policy does not allow it',
    config: { ...cgroups('rw'), ...own },
    facts: version2,
    parameters: { 'allow-private': false },
    message: 'instance',
  },
  { name: 'a flag that no other undoes', config: cgroups('rrw'), message: 'instance', fixable: false },
  { name: "the host's cgroups", config: bind(folder, folder), facts: version2, message: 'bound' },
  {
    name: "the host's cgroups elsewhere, by path",
    config: bind(`${folder}//`, '/x'),
    message: 'bound',
    fixable: false,
  },
  {
    name: 'a copy of them',
    config: bind('/srv/copy', '/x'),
    facts: { ...version1, ...hostTree({ '/srv/copy': { aliases: [viewOf(`${folder}/memory`)] } }) },
    message: 'bound',
  },
  {
    name: 'a volume that is another mount of them (docker volume create -o type=cgroup2 -o device=cgroup2)',
    config: bind(volume, '/x'),
    facts: { ...version2, ...hostTree({ [volume]: { id: '9:1', fileSystem: 'cgroup2' } }) },
    message: 'bound',
  },
  {
    name: "one group of an old hierarchy that the host's folder does not show",
    config: bind('/srv/pids/pod', '/x'),
    facts: {
      ...version2,
      ...hostTree({ '/srv/pids/pod': { id: '9:2', fileSystem: 'cgroup', ancestors: ['9:1', '1:/'] } }),
    },
    message: 'bound',
  },
  {
    name: 'read-only, but not what is mounted below (version 1)',
    config: bind(folder, folder, 'ro'),
    facts: version1,
    message: 'bound',
    fixable: false,
  },
  {
    name: 'what Podman masks, not masked',
    config: bind(`${folder}/systemd`, `${folder}/systemd`),
    identity: { engine: 'podman', proven: true },
    facts: version1,
    message: 'bound',
  },
  {
    name: 'a release agent in the options',
    config: cgroups('ro', 'memory,release_agent=/srv/run'),
    message: 'agent',
    fixable: false,
  },
  { name: 'its own group, of an unknown version', config: { ...cgroups('rw'), ...own }, message: 'unknown' },
  {
    name: 'hierarchies below a read-only bind, of an unknown version',
    config: bind(folder, folder, 'ro'),
    message: 'unknown',
  },
]
