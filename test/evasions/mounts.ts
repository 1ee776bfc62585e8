/** Ways round the rules on host folders, control sockets and mounts. */
import type { Json } from '../../src/core/json.ts'
import type { Attempt, Evasions } from '../support/evasion.ts'

/** A recursive bind, as engines write -v. */
const bind = (source: string, destination: string, ...options: readonly string[]): Json => ({
  destination,
  type: 'bind',
  source,
  options: ['rbind', 'rprivate', ...options],
})

type Held = Partial<Attempt> & Pick<Attempt, 'says'>

const folder = (source: string, held: Held): Attempt => ({
  by: 'sensitive-host-mounts',
  mounts: [bind(source, '/x')],
  ...held,
})

const socket = (source: string, held: Held): Attempt => ({
  by: 'docker-socket',
  mounts: [bind(source, '/x')],
  listens: ['/run/docker.sock'],
  ...held,
})

const volume = (name: string): string => `/var/lib/docker/volumes/${name}/_data`

/** What `docker volume create -o type=none -o o=bind -o device=…` comes to when a container uses it. */
const boundVolume = (name: string, device: string, make = 'mkdir'): string =>
  `mkdir -p /var/lib/docker/volumes/${name}; ${make} ${volume(name)}; mount --bind ${device} ${volume(name)}`

/** A volume in which the host shows a file system of the kernel once more. */
const kernelVolume = (type: string, as: 'docker' | 'nobody'): Attempt => ({
  by: 'procfs-exposure',
  says: /kernel is mounted/,
  as,
  shell: `mkdir -p ${volume(`${type}-${as}`)}; mount -t ${type} ${type} ${volume(`${type}-${as}`)}`,
  mounts: [bind(volume(`${type}-${as}`), '/x')],
})

/** A node of the disk the root file system is on. */
const disk = "mknod disk b $(stat -c '%Hd %Ld' /)"

/** That disk mounted a second time; where no node stands for it (overlay, btrfs), the file system it would show. */
const mountedDisk = (at: string): string =>
  `${disk}; mount -t $(stat -f -c %T / | sed 's,ext2/ext3,ext4,') @here/disk ${at} 2> /dev/null || mount --bind / ${at}`

const root = /host path .* is mounted/

export const sensitiveMountEvasions: Evasions['sensitive-host-mounts'] = {
  'symlink to / as the source': [
    folder('@here/link', { says: root, shell: 'ln -s / link' }),
    folder('@here/chain', { says: root, shell: 'ln -s / link; ln -s link chain' }),
    folder('@here/link/etc', { says: root, shell: 'ln -s / link' }),
    folder('../link', { says: root, shell: 'ln -sfn / link' }),
    ...[{ type: 'none' }, { type: 'tmpfs' }, {}].map((type) =>
      folder('/etc', {
        says: root,
        mounts: [{ destination: '/x', source: '/etc', options: ['bind'], ...type }],
      }),
    ),
    folder('', { says: root, mounts: [], config: { root: { path: '/' } } }),
    folder('', { says: root, mounts: [], shell: 'ln -s / link', config: { root: { path: '@here/link' } } }),
  ],
  'named volume with driver opts type=none,o=bind,device=/ (source shows only <data-root>/volumes/X/_data)': [
    folder(volume('whole'), { says: root, shell: boundVolume('whole', '/'), as: 'docker' }),
    folder(volume('etc'), { says: root, shell: boundVolume('etc', '/etc'), as: 'docker' }),
  ],
  'volume opts type=ext4,device=/dev/sda1': [
    folder(volume('disk'), {
      says: root,
      as: 'docker',
      shell: `mkdir -p ${volume('disk')}; ${mountedDisk(volume('disk'))}`,
    }),
    folder('@here/disk', {
      says: root,
      shell: disk,
      mounts: [{ destination: '/x', type: 'ext4', source: '@here/disk', options: ['rw'] }],
    }),
    folder('@here/disk', { says: root, shell: disk, mounts: [bind('@here/disk', '/x')] }),
  ],
  '-v /var/..:/x, //, /./': [
    '/var/..',
    '//',
    '/./',
    '/etc/',
    '/usr/../etc/.',
    '/proc/self/root',
    '/proc/1/root/etc/..',
  ].map((source) => folder(source, { says: root })),
  'parent: -v /var:/x reaches /var/run, /var/lib/docker': [
    folder('/var', { says: root }),
    folder('/var/lib', { says: root }),
  ],
  '-v /proc:/host/proc: unmasked, writable core_pattern': [
    folder('/proc', { says: root, mounts: [bind('/proc', '/host/proc')] }),
    folder('/proc', { says: root, mounts: [bind('/proc', '/host/proc', 'ro')] }),
    ...['proc', 'sysfs'].flatMap((type) => [
      // docker volume create -o type=proc -o device=proc: the engine mounts it, on the host.
      kernelVolume(type, 'docker'),
      kernelVolume(type, 'nobody'),
    ]),
  ],
  '--volumes-from another container': [
    folder('/etc', {
      says: root,
      as: 'docker',
      files: { '/var/lib/docker/containers/@id/hostconfig.json': { VolumesFrom: ['other'], Binds: null } },
    }),
    folder(`/var/lib/docker/containers/${'a'.repeat(64)}`, {
      says: root,
      as: 'docker',
      shell: `mkdir -p /var/lib/docker/containers/${'a'.repeat(64)}`,
    }),
  ],
  'ro at top but rw submount (non recursive ro)': [
    folder('@here/data', {
      says: /mounted writable/,
      shell: 'mkdir -p data/sub; mount --bind /usr data/sub',
      mounts: [bind('@here/data', '/x', 'ro')],
    }),
    folder('@here/data', {
      says: /mounted writable/,
      shell: 'mkdir -p data/sub; mount --bind /usr data/sub',
      mounts: [bind('@here/data', '/x', 'ro', 'rw')],
    }),
  ],
  'symlink swapped after the check (TOCTOU; runc CVE-2021-30465 class): resolve once and rewrite source to the resolved path':
    [
      {
        sentence: 'A source is resolved when it is judged and mounted by the runtime a moment later.',
        why: 'the swap comes after the judgement; rewriting the source would leave its parents to be swapped',
      },
    ],
}

export const socketEvasions: Evasions['docker-socket'] = {
  'mount / , /run, /var, /var/run or a symlink to them': [
    ...['/', '/run', '/var', '/var/run'].map((source) => socket(source, { says: /docker\.sock/ })),
    socket('@here/link', { says: /docker\.sock/, shell: 'ln -s /var/run link' }),
    socket('@here/link', { says: /docker\.sock/, shell: 'ln -s /run/docker.sock link' }),
    socket('../link', { says: /docker\.sock/, shell: 'ln -s /run/docker.sock link' }),
  ],
  'volume driver bind of the socket': [
    socket(volume('socket'), {
      says: /docker\.sock/,
      as: 'docker',
      shell: boundVolume('socket', '/run/docker.sock', 'touch'),
    }),
    socket(volume('run'), { says: /docker\.sock/, as: 'docker', shell: boundVolume('run', '/run') }),
  ],
  'socket moved with -H unix:///elsewhere': [
    socket('@here/moved/docker.sock', { says: /docker\.sock/, listens: ['@here/moved/docker.sock'] }),
    socket('@here/moved', { says: /docker\.sock/, listens: ['@here/moved/docker.sock'] }),
    socket('@here/engine', {
      says: /engine/,
      listens: ['@here/engine'],
      policy: 'sockets = ["@here/engine"]',
    }),
    {
      sentence: 'listeners with the usual names wherever they are, and what the policy adds',
      why: 'a socket under a name of the site’s own is known to lintel once the policy names it',
    },
  ],
  'host network + tcp 2375': [
    {
      by: 'host-network',
      says: /network namespace/,
      config: { linux: { namespaces: ['mount', 'uts', 'pid', 'ipc'].map((type) => ({ type })) } },
    },
  ],
  'proxy socket (socat): undecidable': [
    {
      sentence: 'A proxy that forwards to the socket is not recognised.',
      why: 'what a listener does with what it is sent can be seen in no configuration and no inode',
    },
  ],
  'hard link to the socket (same inode: caught)': [
    socket('/run/elsewhere', { says: /docker\.sock/, shell: 'ln /run/docker.sock /run/elsewhere' }),
  ],
}

const options = (...words: readonly string[]): Json => ({
  destination: '/x',
  type: 'bind',
  source: '@here/data',
  options: words,
})

const shared = (mount: Json): Attempt => ({
  by: 'mount-propagation',
  says: /shared/,
  shell: 'mkdir data',
  mounts: [mount],
})

const usersNamespace: Json = {
  linux: {
    namespaces: ['mount', 'network', 'uts', 'pid', 'ipc', 'user'].map((type) => ({ type })),
    uidMappings: [{ containerID: 0, hostID: 100000, size: 65536 }],
    gidMappings: [{ containerID: 0, hostID: 100000, size: 65536 }],
  },
}

export const propagationEvasions: Evasions['mount-propagation'] = {
  "Binds string ':rshared' or long --mount syntax": [
    shared(options('rbind', 'rshared')),
    shared(options('shared', 'rbind', 'rprivate')),
    shared(options('rprivate', 'rbind', 'rw', 'shared')),
    { by: 'mount-propagation', says: /shared/, config: { linux: { rootfsPropagation: 'rshared' } } },
  ],
  'nested userns': [{ ...shared(options('rbind', 'rshared')), config: usersNamespace }],
}

export const rootEvasions: Evasions['readonly-rootfs'] = {
  'rw volume over /usr': ['/usr', '/usr/', '/usr/./local/../bin', '//etc'].map((destination) => ({
    by: 'readonly-rootfs',
    says: /covers/,
    shell: 'mkdir data',
    mounts: [bind('@here/data', destination)],
  })),
  'mount --bind later needs SYS_ADMIN': [
    {
      by: 'capabilities',
      says: /CAP_SYS_ADMIN/,
      config: { process: { capabilities: { bounding: ['CAP_SYS_ADMIN'] } } },
    },
  ],
  'volume at /': [
    { by: 'readonly-rootfs', says: /covers/, shell: 'mkdir data', mounts: [bind('@here/data', '/')] },
    {
      by: 'readonly-rootfs',
      says: /covers/,
      mounts: [{ destination: '/', type: 'tmpfs', source: 'tmpfs', options: ['mode=755'] }],
    },
  ],
}
