/** The examples of `container-user`: who is root on the host, and who only seems to be. */
import type { HostFacts } from '../../core/facts.ts'
import type { BadExample, Example } from '../../core/rule.ts'

const user = (
  uid: number,
  gid = uid,
  additionalGids: readonly number[] = [gid],
): Pick<Example, 'process'> => ({
  process: { user: { uid, gid, additionalGids } },
})

const texts = (found: HostFacts['texts']): Pick<Example, 'facts'> => ({
  facts: { onHost: true, texts: found },
})

const initial = { '/proc/self/uid_map': '         0          0 4294967295\n' }
const rootless = { '/proc/self/uid_map': '0 1000 1\n1 100000 65536\n' }

const remapped = (hostID: number): object => ({
  linux: { namespaces: [{ type: 'user' }], uidMappings: [{ containerID: 0, hostID, size: 65536 }] },
})

// podman run --userns keep-id, by the user 1000.
const keepId = {
  linux: {
    namespaces: [{ type: 'user' }],
    uidMappings: [
      { containerID: 0, hostID: 1, size: 1000 },
      { containerID: 1000, hostID: 0, size: 1 },
    ],
  },
}

const joining = (path: string): object => ({ linux: { namespaces: [{ type: 'user', path }] } })

const strict = { 'forbid-gid0': true }

export const goodUsers: readonly Example[] = [
  { name: 'a user of its own', ...user(1000) },
  { name: 'root of a user namespace', ...user(0), config: remapped(100000) },
  { name: 'root of a rootless engine', ...user(0), ...texts(rootless) },
  {
    name: 'the caller of a rootless engine, who keeps the id',
    ...user(1000),
    config: keepId,
    ...texts(rootless),
  },
  {
    name: "root of its pod's user namespace",
    ...user(0),
    config: joining('/proc/42/ns/user'),
    ...texts({ ...initial, '/proc/42/uid_map': '0 131072 65536\n' }),
  },
  { name: 'a random user in the group 0, as OpenShift has it', ...user(1000660000, 0) },
  {
    name: 'a user the site takes, on the host',
    ...user(33),
    ...texts(rootless),
    parameters: { 'min-uid': 10000 },
  },
  { name: 'groups other than 0', ...user(1000), parameters: strict },
  {
    name: 'a step of an image build',
    ...user(0),
    identity: { engine: 'buildkit', proven: true, buildStep: true },
  },
  {
    name: 'an exec as the root that the container was admitted with',
    operation: 'exec',
    config: { process: { user: { uid: 0, gid: 0 } } },
    ...user(0),
  },
  {
    name: 'a user other than root in a namespace nobody can look at',
    ...user(1000),
    config: joining('/run/userns/4f'),
  },
]

const root = { message: 'root' } as const

export const badUsers: readonly BadExample<'root' | 'low' | 'group' | 'unmapped'>[] = [
  { name: 'root', ...user(0), ...texts(initial), ...root },
  { name: 'root, away from the host', ...user(0), ...root },
  { name: 'no user means root', process: { user: null }, ...root },
  { name: 'no uid means root', process: { user: { uid: null, gid: 1000 } }, ...root },
  {
    name: 'a user namespace that maps root to root',
    ...user(0),
    config: remapped(0),
    ...texts(initial),
    ...root,
  },
  {
    name: 'a map without a user namespace does nothing',
    ...user(0),
    config: { linux: { uidMappings: [{ containerID: 0, hostID: 100000, size: 65536 }] } },
    ...root,
  },
  {
    name: 'another user that a user namespace maps to root',
    ...user(1000),
    ...texts(initial),
    config: {
      linux: { namespaces: [{ type: 'user' }], uidMappings: [{ containerID: 1000, hostID: 0, size: 1 }] },
    },
    ...root,
  },
  {
    name: "the host's user namespace, joined by its path",
    ...user(0),
    config: joining('/proc/1/ns/user'),
    ...texts({ ...initial, '/proc/1/uid_map': '0 0 4294967295\n' }),
    ...root,
  },
  {
    name: 'root of a user namespace, where the site accepts none',
    ...user(0),
    config: remapped(100000),
    parameters: { 'accept-user-namespace': false },
    ...root,
  },
  {
    name: 'an exec as root in a container of somebody else',
    operation: 'exec',
    config: { process: { user: { uid: 1000, gid: 1000 } } },
    ...user(0),
    ...root,
  },
  { name: 'an id of the host', ...user(33), parameters: { 'min-uid': 10000 }, message: 'low' },
  {
    name: 'a rootless root, where the site wants ids of its own',
    ...user(0),
    ...texts(rootless),
    parameters: { 'min-uid': 10000 },
    message: 'low',
  },
  { name: 'the group 0', ...user(1000, 0), parameters: strict, message: 'group' },
  {
    name: 'the group 0 besides another',
    ...user(1000, 1000, [1000, 0]),
    parameters: strict,
    message: 'group',
  },
  {
    name: 'another user mapped to root, away from the host: of which host',
    ...user(1000),
    config: keepId,
    message: 'unmapped',
  },
  {
    name: 'root of a namespace nobody can look at',
    ...user(0),
    config: joining('/run/userns/4f'),
    message: 'unmapped',
  },
]
