/** Examples of `selinux-label` where the site gives labels to containers that have none. */
import type { HostFacts } from '../../core/facts.ts'
import type { Requester } from '../../core/requester.ts'
import type { BadExample } from '../../core/rule.ts'
import { parseRange } from '../../selinux/range.ts'

const host: Partial<HostFacts> = { onHost: true, texts: { '/sys/fs/selinux/enforce': '1' } }
const assigns = { 'assigned-type': 'container_t' }

/** A host whose root file systems have this label, and on which one level is free. */
const bare = (root: string, more: Partial<HostFacts> = {}): Partial<HostFacts> => ({
  ...host,
  labels: { rootfs: root },
  freeLevels: { 's0-s0:c0.c1023': 's0:c5,c9', 's0:c5-s0:c5.c9': 's0:c5,c9' },
  ...more,
})
const files0 = 'system_u:object_r:container_file_t:s0'
const cleared = (text: string): Requester => {
  const range = parseRange(text)
  const clearance = range.ok ? range.value : undefined
  return { user: 'user', groups: [], clearance, proof: 'token', problems: [] }
}
const nobody: Requester = { user: undefined, groups: [], clearance: undefined, proof: 'none', problems: [] }

export const assignmentBad: readonly BadExample<'absent' | 'unbearable'>[] = [
  {
    name: 'no label, and the site gives one',
    facts: bare(files0),
    parameters: assigns,
    message: 'absent',
  },
  {
    name: 'no label: the level of the root file system is kept within the one given',
    config: { root: { path: 'rootfs', readonly: true } },
    facts: bare('system_u:object_r:container_ro_file_t:s0:c9'),
    parameters: assigns,
    message: 'absent',
  },
  {
    name: 'no label, for a user with a clearance',
    facts: bare('system_u:object_r:container_file_t:s0:c5'),
    requester: cleared('s0:c5-s0:c5.c9'),
    parameters: assigns,
    message: 'absent',
  },
  {
    name: 'no label, and a volume of a level that the one given dominates',
    config: { mounts: [{ destination: '/data', type: 'bind', source: '/srv/data', options: ['rbind'] }] },
    facts: bare(files0, {
      labels: { rootfs: files0, '/srv/data': 'system_u:object_r:container_file_t:s0:c9' },
    }),
    parameters: assigns,
    message: 'absent',
  },
  {
    name: 'no label, and a root file system that is only read, under a policy with sensitivities',
    config: { root: { path: 'rootfs', readonly: true } },
    facts: bare(files0, {
      contexts: { 'system_u:system_r:container_t:s1': 'system_u:system_r:container_t:s1' },
    }),
    parameters: assigns,
    message: 'absent',
  },
  ...(
    [
      [
        'the root file system is at the level of another',
        bare('system_u:object_r:container_file_t:s0:c1,c2'),
      ],
      ['the root file system is of the host', bare('system_u:object_r:usr_t:s0')],
      ['the root file system has no label', bare('', { labels: {} })],
      ['the root file system has a label without level', bare('system_u:object_r:container_file_t')],
      ['no level is free', bare(files0, { freeLevels: {} })],
      [
        'the policy of the host does not know the type',
        bare(files0, { contexts: { 'system_u:system_r:container_t:s0-s0:c0.c1023': null } }),
      ],
      [
        'the policy of the host does not know the type of the files',
        bare(files0, { contexts: { 'system_u:object_r:container_file_t:s0-s0:c0.c1023': null } }),
      ],
    ] as const
  ).map(([name, facts]) => ({
    name: `no label, and ${name}`,
    facts,
    parameters: assigns,
    message: 'unbearable' as const,
    fixable: false,
  })),
  {
    name: 'no label, and a root file system below the level of its process, written to under a policy with sensitivities',
    config: { root: { path: 'rootfs', readonly: false } },
    facts: bare(files0, {
      contexts: { 'system_u:system_r:container_t:s1': 'system_u:system_r:container_t:s1' },
    }),
    parameters: assigns,
    message: 'unbearable',
    fixable: false,
  },
  {
    name: 'no label, and the root file system may only be read',
    config: { root: { path: 'rootfs', readonly: false } },
    facts: bare('system_u:object_r:container_ro_file_t:s0'),
    parameters: assigns,
    message: 'unbearable',
    fixable: false,
  },
  {
    name: 'no label, and a volume is at the level of another',
    config: { mounts: [{ destination: '/data', type: 'bind', source: '/srv/data', options: ['rbind'] }] },
    facts: bare(files0, {
      labels: { rootfs: files0, '/srv/data': 'system_u:object_r:container_file_t:s0:c1,c2' },
    }),
    parameters: assigns,
    message: 'unbearable',
    fixable: false,
  },
  {
    name: 'no label, and a mount has one of another level among its options',
    config: {
      mounts: [
        {
          destination: '/scratch',
          type: 'tmpfs',
          source: 'tmpfs',
          options: ['context="system_u:object_r:container_file_t:s0:c1,c2"'],
        },
      ],
    },
    facts: bare(files0),
    parameters: assigns,
    message: 'unbearable',
    fixable: false,
  },
  {
    name: 'no label, for nobody who is cleared for one',
    facts: bare(files0),
    requester: nobody,
    parameters: assigns,
    message: 'unbearable',
    fixable: false,
  },
  {
    name: 'label=disable where the site gives labels to those without',
    config: { linux: { mountLabel: 'system_u:object_r:container_file_t:s0:c1022,c1023' } },
    facts: bare(files0),
    parameters: assigns,
    message: 'absent',
    fixable: false,
  },
  {
    name: 'a restore without a label where the site gives labels',
    operation: 'restore',
    facts: bare(files0),
    parameters: assigns,
    message: 'absent',
    fixable: false,
  },
]
