/** Ways round the rules on namespaces. */
import type { Json } from '../../src/core/json.ts'
import type { Attempt, Evasions } from '../support/evasion.ts'

const kinds = { network: 'net', pid: 'pid', ipc: 'ipc', uts: 'uts' } as const
type Kind = keyof typeof kinds

/** The harmless container's namespaces, with this one joined from a path; without a path it has none. */
const joining = (kind: string, path?: string): Json => ({
  linux: {
    namespaces: ['mount', 'network', 'uts', 'pid', 'ipc']
      .filter((type) => type !== kind)
      .map((type) => ({ type }))
      .concat(path === undefined ? [] : [Object.assign({ type: kind }, { path })]),
  },
})

const byPath = (kind: Kind): readonly Attempt[] => {
  const by = `host-${kind}`
  const file = kinds[kind]
  const says = /would share the host's .* namespace/
  return [
    { by, says, config: joining(kind, `/proc/1/ns/${file}`) },
    { by, says, config: joining(kind, `/proc/self/task/../ns/${file}`) },
    { by, says, config: joining(kind, `/proc/thread-self/ns/${file}`) },
    {
      by,
      says,
      config: joining(kind, '@here/copy'),
      shell: `touch copy; mount --bind /proc/1/ns/${file} copy`,
    },
    { by, says, config: joining(kind, '@here/link'), shell: `ln -s /proc/self/ns/${file} link` },
  ]
}

/** A container that joins one which itself was started in the host's namespace. */
const byContainer = (kind: Kind): readonly Attempt[] => {
  const config = joining(kind, `/proc/@pid/ns/${kinds[kind]}`)
  const shell = 'sleep 600 > /dev/null 2>&1 & echo $! > pid'
  return (['nobody', 'docker', 'pod'] as const).map((as) => ({
    by: `host-${kind}`,
    says: /would share the host's .* namespace/,
    as,
    config,
    shell,
  }))
}

const mapped = (mappings: Json): Json => ({
  linux: {
    namespaces: ['mount', 'network', 'uts', 'pid', 'ipc', 'user'].map((type) => ({ type })),
    uidMappings: mappings,
    gidMappings: mappings,
  },
})

/** The data root of a Docker that remaps users. */
const remapped = '/var/lib/docker/100000.100000'

/** Somebody else's process, in new namespaces of its own; its pid is left in `pid`. */
const otherContainer = (flags: string): string =>
  `unshare ${flags} sh -c 'sleep 600; :' > /dev/null 2>&1 & for try in 1 2 3 4 5 6 7 8 9; do sleep 0.05; ` +
  '[ "$(readlink /proc/$!/ns/pid_for_children /proc/$!/ns/net /proc/$!/ns/ipc /proc/$!/ns/uts)" = ' +
  '"$(readlink /proc/1/ns/pid_for_children /proc/1/ns/net /proc/1/ns/ipc /proc/1/ns/uts)" ] || break; done; ' +
  'pgrep -P $! sh > pid || echo $! > pid'

const words = {
  path: 'path=/proc/1/ns/X or bind-mounted copy of it',
  container:
    '--X=container:<c> where c itself was started with --X=host: docker inspect shows container:…, not host',
} as const

export const namespaceEvasions: Evasions = {
  'host-network': {
    [words.path]: byPath('network'),
    [words.container]: byContainer('network'),
    'dbus/abstract sockets reachable (containerd-shim CVE-2020-15257)': [
      { by: 'host-network', says: /network namespace/, config: joining('network') },
    ],
    'NetworkDisabled leaves a private empty netns (fine)': [
      {
        by: 'host-network',
        says: /^/,
        verdict: 'allow',
        as: 'docker',
        files: { '/var/lib/docker/containers/@id/config.v2.json': { Config: { NetworkDisabled: true } } },
      },
    ],
  },
  'host-pid': {
    [words.path]: byPath('pid'),
    [words.container]: byContainer('pid'),
    'pid:host + CAP_SYS_PTRACE or ptrace-scope 0 => escape through /proc/1/root': [
      { by: 'host-pid', says: /PID namespace/i, config: joining('pid') },
      {
        by: 'capabilities',
        says: /CAP_SYS_PTRACE/,
        config: { process: { capabilities: { bounding: ['CAP_SYS_PTRACE'] } } },
      },
    ],
  },
  'host-ipc': {
    [words.path]: byPath('ipc'),
    [words.container]: byContainer('ipc'),
    '-v /dev/shm:/dev/shm with a private IPC namespace shares POSIX shm all the same': [
      {
        by: 'host-ipc',
        says: /shared memory/,
        mounts: [{ destination: '/dev/shm', type: 'bind', source: '/dev/shm', options: ['rbind'] }],
      },
      {
        by: 'host-ipc',
        says: /shared memory/,
        shell: 'mkdir copy; mount --bind /dev/shm copy',
        mounts: [{ destination: '/dev/shm', type: 'bind', source: '@here/copy', options: ['rbind'] }],
      },
    ],
  },
  'host-uts': {
    [words.path]: byPath('uts'),
    [words.container]: byContainer('uts'),
  },
  'host-userns': {
    "uidMappings 0->0 identity inside a 'private' userns": [
      {
        by: 'host-userns',
        says: /leads to the host/,
        config: mapped([{ containerID: 0, hostID: 0, size: 65536 }]),
      },
      {
        by: 'host-userns',
        says: /leads to the host/,
        config: mapped([
          { containerID: 0, hostID: 100000, size: 1000 },
          { containerID: 1000, hostID: 0, size: 1 },
        ]),
      },
    ],
    '--userns=host': [
      {
        by: 'host-userns',
        says: /opts out/,
        as: 'docker',
        config: { root: { path: `${remapped}/overlay2/@id/merged` } },
      },
      { by: 'host-userns', says: /user namespace/, config: joining('user', '/proc/1/ns/user') },
      {
        by: 'host-userns',
        says: /user namespace/,
        policy: 'require-remapping = true',
        harmless: { config: mapped([{ containerID: 0, hostID: 100000, size: 65536 }]) },
      },
    ],
  },
  'namespace-join-foreign': {
    '--pid=container:privileged + ptrace': (['nobody', 'docker', 'podman'] as const).map((as) => ({
      by: 'foreign-namespaces',
      says: /another container: pid/,
      as,
      shell: otherContainer('--pid --fork --kill-child'),
      config: joining('pid', '/proc/@pid/ns/pid'),
    })),
    "path to a foreign tenant's pinned ns file": [
      ...(['ipc', 'uts'] as const).map((kind) => ({
        by: 'foreign-namespaces',
        says: /another container/,
        shell: `${otherContainer(`--${kind}`)}; touch pinned; mount --bind /proc/$(cat pid)/ns/${kind} pinned`,
        config: joining(kind, '@here/pinned'),
      })),
      {
        by: 'foreign-namespaces',
        says: /another container/,
        shell: `${otherContainer('--net')}; touch pinned; mount --bind /proc/$(cat pid)/ns/net pinned`,
        config: joining('network', '@here/pinned'),
        policy: 'allow = []',
      },
    ],
  },
  'missing-mount-or-cgroup-ns': {
    "mount namespace path to the host's": [
      { by: 'mount-namespace', says: /mount namespace/, config: joining('mount', '/proc/1/ns/mnt') },
      { by: 'mount-namespace', says: /share the mounts/, config: joining('mount') },
    ],
  },
}
