/** Ways round the rules on devices, and on what a mount is flagged with. */
import type { Json } from '../../src/core/json.ts'
import type { Attempt, Evasions } from '../support/evasion.ts'

const devices = (more: Partial<Attempt>): Attempt => ({ by: 'host-devices', says: /./, ...more })

const rules = (...allowed: readonly Json[]): Json => ({ linux: { resources: { devices: allowed } } })

const none = { allow: false, access: 'rwm' } as const

const bind = (source: string, ...options: readonly string[]): Json => ({
  destination: '/x',
  type: 'bind',
  source,
  options: ['rbind', ...options],
})

const disk = "mknod disk b $(stat -c '%Hd %Ld' /)"

/** A node as --device writes it, whatever it is called inside. */
const node = (path: string, type: string, [major, minor]: readonly [number, number]): Json => ({
  linux: { devices: [{ path, type, major, minor, fileMode: 438, uid: 0, gid: 0 }] },
})

export const deviceEvasions: Evasions = {
  'host-devices': {
    "--device-cgroup-rule 'b *:* rwm' plus mknod with CAP_MKNOD: HostConfig.Devices stays empty": [
      devices({
        as: 'docker',
        config: rules(none, { allow: true, type: 'b', access: 'rwm' }),
        files: {
          '/var/lib/docker/containers/@id/hostconfig.json': { Devices: [], DeviceCgroupRules: ['b *:* rwm'] },
        },
      }),
      devices({ config: rules(none, { allow: true, type: 'b', major: 8, minor: 0, access: 'r' }) }),
    ],
    '-v /dev/sda:/x (bind, no device entry)': [
      devices({ shell: disk, mounts: [bind('@here/disk')] }),
      devices({ shell: disk, mounts: [bind('@here/disk', 'ro')] }),
    ],
    '-v /dev:/dev': [
      devices({ mounts: [{ destination: '/dev', type: 'bind', source: '/dev', options: ['rbind'] }] }),
      devices({ shell: 'mkdir copy; mount --bind /dev copy', mounts: [bind('@here/copy', 'ro')] }),
      devices({ mounts: [{ destination: '/x', type: 'devtmpfs', source: 'devtmpfs', options: [] }] }),
    ],
    'device under a symlink name (Docker resolves it; path in container is free)': [
      devices({ config: node('/dev/null2', 'b', [8, 0]) }),
      devices({ config: node('/dev/zero', 'c', [1, 1]) }),
      devices({ shell: `${disk}; ln -s disk harmless`, mounts: [bind('@here/harmless')] }),
    ],
    'reset rule order: allow after deny': [
      devices({
        config: rules(
          none,
          { allow: true, type: 'b', major: 8, access: 'rw' },
          { allow: false, type: 'c', access: 'rwm' },
        ),
      }),
      devices({ config: rules(none, { allow: true, access: 'rwm' }) }),
      devices({
        config: rules({ allow: false, type: 'c', access: 'rwm' }, { allow: true, type: 'a', access: 'rwm' }),
      }),
    ],
    '/dev/mem, /dev/kmsg, /dev/port, /dev/kvm, /dev/dri': (
      [
        ['/dev/mem', 1, 1],
        ['/dev/kmsg', 1, 11],
        ['/dev/port', 1, 4],
        ['/dev/kvm', 10, 232],
        ['/dev/dri/card0', 226, 0],
      ] as const
    ).map(([path, major, minor]) => devices({ config: node(path, 'c', [major, minor]) })),
  },
  'mount-flags': {
    "'suid','dev' later in the list undo earlier flags: last wins": [
      {
        by: 'mount-flags',
        says: /nosuid|nodev/,
        verdict: 'fix',
        shell: 'mkdir volume',
        mounts: [bind('@here/volume', 'nosuid', 'nodev', 'suid', 'dev')],
      },
      {
        by: 'mount-flags',
        says: /nosuid/,
        verdict: 'fix',
        mounts: [{ destination: '/x', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev', 'suid'] }],
      },
    ],
  },
  'idmapped-mounts': {
    'map to id 0 of host on a sensitive source': [
      {
        by: 'idmapped-mounts',
        says: /as root/,
        shell: 'mkdir volume',
        mounts: [
          {
            ...Object(bind('@here/volume', 'idmap')),
            uidMappings: [
              { containerID: 0, hostID: 1000, size: 1 },
              { containerID: 1000, hostID: 0, size: 1 },
            ],
            gidMappings: [{ containerID: 0, hostID: 0, size: 65536 }],
          },
        ],
      },
      {
        by: 'idmapped-mounts',
        says: /as root/,
        shell: 'mkdir volume',
        mounts: [bind('@here/volume', 'idmap=uids=0-1000-1;gids=0-1000-1')],
      },
    ],
  },
}
