/**
 * Ways round the rules on AppArmor and SELinux, on a simulated host: what such a kernel shows in /sys stands there,
 * for the one call.
 */
import type { Json } from '../../src/core/json.ts'
import type { Attempt, Evasions } from '../support/evasion.ts'
import { runtimeFault } from './beyond.ts'
import { simulated } from './simulated.ts'

const withAppArmor = simulated(
  [
    'mount -t tmpfs tmpfs /sys/module; mkdir -p /sys/module/apparmor/parameters',
    'echo Y > /sys/module/apparmor/parameters/enabled',
    'mount -t tmpfs tmpfs /sys/kernel/security; mkdir /sys/kernel/security/apparmor',
    'cp @here/profiles /sys/kernel/security/apparmor',
  ].join('; '),
)

const profiles = `printf '%s\\n' 'docker-default (enforce)' 'learning (complain)' 'open (unconfined)' > profiles`

const confinedBy = (apparmorProfile: string): Json => ({ process: { apparmorProfile } })

const apparmor = (profile: string): Attempt => ({
  by: 'apparmor-profile',
  says: /does not confine/,
  shell: profiles,
  behind: withAppArmor,
  config: confinedBy(profile),
  harmless: { shell: profiles, behind: withAppArmor, config: confinedBy('docker-default') },
})

const withSelinux = simulated(
  'mount -t tmpfs tmpfs /sys/fs; mkdir /sys/fs/selinux; echo 1 > /sys/fs/selinux/enforce',
)

const labelled = (process: string, mounts: string): Json => ({
  process: { selinuxLabel: process },
  linux: { mountLabel: mounts },
})

const ownFiles = 'system_u:object_r:container_file_t:s0:c1,c2'

const selinux = (says: RegExp, process: string, mounts = ownFiles): Attempt => ({
  by: 'selinux-label',
  says,
  behind: withSelinux,
  config: labelled(process, mounts),
  harmless: {
    behind: withSelinux,
    config: labelled('system_u:system_r:container_t:s0:c1,c2', ownFiles),
  },
})

const own = 'system_u:system_r:container_t:s0:c1,c2'

/** A tmpfs with these options in a container of the level s0:c1,c2. */
const mounted = (...options: readonly string[]): Attempt => {
  const tmpfs = (more: readonly string[]): Json => ({
    destination: '/data',
    type: 'tmpfs',
    source: 'tmpfs',
    options: ['nosuid', 'nodev', 'noexec', ...more],
  })
  const call = { behind: withSelinux, config: labelled(own, ownFiles) }
  return {
    by: 'selinux-mount-context',
    says: /not the container’s|holds no label/,
    ...call,
    mounts: [tmpfs(options)],
    harmless: { ...call, mounts: [tmpfs(['context="system_u:object_r:container_file_t:s0:c2', 'c1"'])] },
  }
}

/** A host where another container, whose state is there, holds the level s0:c1,c2. */
const withHolder = simulated(
  [
    'mount -t tmpfs tmpfs /sys/fs; mkdir /sys/fs/selinux; echo 1 > /sys/fs/selinux/enforce',
    'mkdir -p -m 700 /run/lintel; mount -t tmpfs -o mode=700 tmpfs /run/lintel',
    'printf "s0:c1,c2\\0/run\\0%064d\\0ann\\09\\0never\\0" 7 > /run/lintel/levels',
  ].join('; '),
)

/** A container at this level, beside that one. */
const beside = (level: string, more: Partial<Attempt> = {}): Attempt => ({
  by: 'selinux-own-categories',
  says: /is that of another container that runs, or one of the two holds all categories/,
  behind: withHolder,
  config: labelled(`system_u:system_r:container_t:${level}`, `system_u:object_r:container_file_t:${level}`),
  ...more,
  harmless: {
    behind: withHolder,
    config: labelled('system_u:system_r:container_t:s0:c1,c3', 'system_u:object_r:container_file_t:s0:c1,c3'),
  },
})

export const lsmEvasions: Evasions = {
  'selinux-own-categories': {
    'the level of another container, written in another way': [
      beside('s0:c1,c2'),
      beside('s0:c2,c1,c1'),
      beside('s0:c1.c2'),
      beside('s0-s0:c1,c2'),
    ],
    'a level that dominates that of another container': [
      beside('s0:c1.c3'),
      beside('s0:c0.c9,c700'),
      beside('s0:c0,c9-s0:c0.c9'),
      beside('s1:c1,c2'),
    ],
    'half of another container’s pair': [beside('s0:c1')],
    'annotations that name the pod of another container': [
      beside('s0:c1,c2', {
        config: {
          process: { selinuxLabel: 'system_u:system_r:container_t:s0:c1,c2' },
          annotations: { 'io.kubernetes.cri.sandbox-id': '7'.padStart(64, '0') },
        },
      }),
      beside('s0:c1,c2', { as: 'pod' }),
    ],
    'a restore under the label of another container': [
      {
        ...beside('s0:c8,c9'),
        operation: 'restore',
        flags: ['--lsm-profile', 'selinux:system_u:system_r:container_t:s0:c1,c2'],
      },
    ],
  },
  'selinux-mount-context': {
    'a label of the host or of others among the options of a mount': [
      mounted('context="system_u:object_r:container_file_t:s0:c3,c4"'),
      mounted('defcontext="system_u:object_r:etc_t:s0:c1,c2"'),
      mounted('fscontext=system_u:object_r:container_file_t:s0'),
    ],
    'the level hidden by quotes, or spread over several options': [
      mounted('context="system_u:object_r:container_file_t:s0:c1', 'c2', 'c3"'),
      mounted('size=1m,rootcontext=system_u:object_r:container_file_t:s0'),
      mounted('context=system_u:object_r:con"tainer"_file_t:s0'),
    ],
  },
  'apparmor-profile': {
    '--security-opt apparmor=<any loaded complain-mode or flags=(unconfined) profile> passes a name check': [
      apparmor('learning'),
      apparmor('open'),
    ],
    'stacked/namespaced names such as a//&unconfined or :ns:prof': [
      apparmor('docker-default//&unconfined'),
      apparmor('docker-default//&learning'),
      apparmor(':ns:docker-default'),
      apparmor(':ns://docker-default'),
    ],
    'runc CVE-2025-52881/CVE-2019-19921: label write redirected, config looks right': [
      {
        by: 'rootfs-symlinks',
        says: /\/proc/,
        shell: 'ln -s /volume bundle/rootfs/proc; mkdir volume',
        mounts: [{ destination: '/volume', type: 'bind', source: '@here/volume', options: ['rbind'] }],
      },
      {
        by: 'rootfs-symlinks',
        says: /\/attr/,
        shell: 'ln -s /proc/self/attr bundle/rootfs/attr',
        mounts: [{ destination: '/attr', type: 'tmpfs', source: 'tmpfs', options: [] }],
      },
      runtimeFault,
    ],
  },
  'selinux-label': {
    'label=type:spc_t or unconfined_t, container_runtime_t': [
      selinux(/type spc_t/, 'system_u:system_r:spc_t:s0:c1,c2'),
      selinux(/type unconfined_t/, 'unconfined_u:unconfined_r:unconfined_t:s0:c1,c2'),
      selinux(/type container_runtime_t/, 'system_u:system_r:container_runtime_t:s0:c1,c2'),
    ],
    "label=level:s0:c0.c1023 reaches every container's files": [
      'c0.c1023',
      'c0.c511,c512.c1023',
      'c0.c1022',
    ].flatMap((categories) =>
      [`s0:${categories}`, `s0-s0:${categories}`].map((level) =>
        selinux(/does not set the container apart/, `system_u:system_r:container_t:${level}`),
      ),
    ),
    'label=disable': [
      selinux(/without a SELinux label/, '', 'system_u:object_r:container_file_t:s0:c1,c2'),
      selinux(/type spc_t/, 'unconfined_u:system_r:spc_t:s0'),
    ],
    'a SecurityOpt that has nothing to do with labels satisfies the CIS audit': [
      {
        ...selinux(/without a SELinux label/, ''),
        as: 'docker',
        files: {
          '/var/lib/docker/containers/@id/hostconfig.json': { SecurityOpt: ['seccomp=unconfined'] },
        },
      },
    ],
  },
}
