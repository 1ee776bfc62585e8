/** Examples of `supplementary-groups`. */
import { hostTree } from '../../core/example-facts.ts'
import type { HostFacts, OwnershipFact, PathFact } from '../../core/facts.ts'
import type { BadExample, Example } from '../../core/rule.ts'

const user = (uid: number, gid: number, additionalGids: readonly number[] = []): object => ({
  user: { uid, gid, additionalGids },
})
const numbers = 'root:x:0:\ndisk:x:6:\nshadow:x:42:\nlxd:x:110:\nkvm:x:108:\nkmem:x:15:\ndocker:x:999:ann\n'
const host = (
  paths: { readonly [path: string]: Partial<PathFact> } = {},
  ownership: { readonly [path: string]: OwnershipFact } = {},
): Partial<HostFacts> => ({ ...hostTree(paths), texts: { '/etc/group': numbers }, ownership })
const mounted = (source: string): object => ({
  mounts: [{ destination: '/x', type: 'bind', source, options: ['rbind'] }],
})
const device = (type: string, major: number, minor: number): object => ({
  linux: { devices: [{ path: '/dev/x', type, major, minor }] },
})
const socket = { uid: 0, gid: 999, mode: 0o660, kind: 'socket' } as const
const admitted = (gid: number): object => ({ process: user(1000, gid) })

export const groupsGood: readonly Example[] = [
  { name: 'a user with a group of its own, repeated as Docker does', process: user(1000, 1000, [1000]) },
  { name: 'root, with the groups that images give it', process: user(0, 0, [0, 1, 6, 999]), facts: host() },
  {
    name: 'a number of the host with nothing to open',
    config: mounted('/srv'),
    process: user(1000, 1000, [999]),
    facts: host({ '/srv': {} }, { '/srv': { uid: 0, gid: 0, mode: 0o755, kind: 'directory' } }),
  },
  {
    name: 'another number than that of the host',
    config: mounted('/run/docker.sock'),
    process: user(1000, 1000, [998]),
    facts: host({}, { '/run/docker.sock': socket }),
  },
  {
    name: 'a device that another group opens',
    config: device('c', 10, 232),
    process: user(1000, 1000, [6]),
    facts: host(),
  },
  { name: 'images of OpenShift', process: user(1000680000, 0), parameters: { 'root-group': false } },
  {
    name: 'an exec with a group of its container',
    operation: 'exec',
    config: admitted(0),
    process: user(1001, 0, [0]),
  },
  {
    name: 'groups and a harmless mount, away from the host',
    config: mounted('/srv'),
    process: user(1, 1, [999]),
  },
]

export const groupsBad: readonly BadExample<'root' | 'host' | 'unknown'>[] = [
  { name: '--group-add 0', process: user(1000, 1000, [1000, 0, 0]), message: 'root' },
  {
    name: 'a user without a group, whom engines put into that of root',
    process: user(1000, 0, [0]),
    message: 'root',
    fixable: false,
  },
  {
    name: '--group-add of the control socket',
    config: mounted('/var/run/docker.sock'),
    process: user(1000, 1000, [20, 999]),
    facts: host(),
    message: 'host',
  },
  {
    name: 'the group as the main one',
    config: mounted('/run'),
    process: user(1000, 999),
    facts: host(),
    message: 'host',
    fixable: false,
  },
  {
    name: 'a socket of its own place that belongs to the group',
    config: mounted('/srv/engine.sock'),
    process: user(1000, 1000, [999]),
    facts: host({ '/srv/engine.sock': {} }, { '/srv/engine.sock': socket }),
    message: 'host',
  },
  {
    name: 'a disk as a device',
    config: device('b', 8, 0),
    process: user(1000, 1000, [6]),
    facts: host(),
    message: 'host',
  },
  {
    name: 'a disk as a mount',
    config: mounted('/srv/disk'),
    process: user(1000, 1000, [6]),
    facts: host({ '/srv/disk': { kind: 'block' } }),
    message: 'host',
  },
  {
    name: 'the memory of the machine',
    config: device('c', 1, 1),
    process: user(1000, 1000, [15]),
    facts: host(),
    message: 'host',
  },
  {
    name: 'virtual machines',
    config: device('c', 10, 232),
    process: user(1000, 1000, [108]),
    facts: host(),
    message: 'host',
  },
  {
    name: 'the passwords of the host, in a folder',
    config: mounted('/etc'),
    process: user(1000, 1000, [42]),
    facts: host(),
    message: 'host',
  },
  {
    name: 'a restore, whose groups are those of the checkpoint',
    operation: 'restore',
    process: user(1000, 1000, [0]),
    message: 'root',
    fixable: false,
  },
  {
    name: 'an exec with a group more than its container',
    operation: 'exec',
    config: admitted(1000),
    process: user(1000, 1000, [0]),
    message: 'root',
  },
  {
    name: 'an exec into the group of the control socket',
    operation: 'exec',
    config: { ...admitted(1000), ...mounted('/run/docker.sock') },
    asked: user(1000, 1000, [999]),
    process: user(1000, 1000, [999]),
    facts: host(),
    message: 'host',
  },
  {
    name: 'the control socket and some group, away from the host',
    config: mounted('/run/docker.sock'),
    process: user(1000, 1000, [999]),
    message: 'unknown',
  },
]
