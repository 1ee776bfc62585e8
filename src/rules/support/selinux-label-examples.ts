/** Examples of `selinux-label`. */
import type { HostFacts } from '../../core/facts.ts'
import type { BadExample, Example } from '../../core/rule.ts'
import { assignmentBad } from './selinux-assignment-examples.ts'

const host: Partial<HostFacts> = { onHost: true, texts: { '/sys/fs/selinux/enforce': '1' } }
const own = 'system_u:system_r:container_t:s0:c12,c700'
const files = 'system_u:object_r:container_file_t:s0:c12,c700'
const label = (selinuxLabel: string, mountLabel = files): object => ({
  process: { selinuxLabel },
  linux: { mountLabel },
})
const admitted = { process: { selinuxLabel: own } }

export const selinuxGood: readonly Example[] = [
  { name: 'the labels of an engine', config: label(own), facts: host },
  { name: 'the same, away from the host', config: label(own) },
  { name: 'a host without SELinux', facts: { onHost: true } },
  {
    name: 'a container with an AppArmor profile, away from the host',
    process: { apparmorProfile: 'docker-default' },
  },
  {
    name: 'the categories in another order, as a person writes them',
    config: label('system_u:system_r:container_t:s0:c700,c12'),
    facts: host,
  },
  {
    name: 'an alias that the kernel knows for a type of containers',
    config: label(
      'system_u:system_r:site_alias_t:s0:c12,c700',
      'system_u:object_r:site_file_alias_t:s0:c12,c700',
    ),
    facts: {
      ...host,
      contexts: {
        'system_u:system_r:site_alias_t:s0:c12,c700': own,
        'system_u:object_r:site_file_alias_t:s0:c12,c700': files,
      },
    },
  },
  { name: 'no label for the mounts', process: { selinuxLabel: own }, facts: host },
  {
    name: 'a range of sensitivities, the mounts at its lower level, where it writes',
    config: label('system_u:system_r:container_t:s2:c1-s5:c1,c2', 'system_u:object_r:container_file_t:s2:c1'),
    facts: host,
    parameters: { 'require-categories': false },
  },
  {
    name: 'a range of categories, the mounts at its upper level, where it writes',
    config: label('system_u:system_r:container_t:s0-s0:c1,c2', 'system_u:object_r:container_file_t:s0:c1,c2'),
    facts: host,
    parameters: { 'require-categories': false },
  },
  {
    name: 'the name the type had in CentOS 7',
    config: label(
      'system_u:system_r:svirt_lxc_net_t:s0:c1,c2',
      'system_u:object_r:svirt_sandbox_file_t:s0:c1,c2',
    ),
    facts: host,
  },
  {
    name: 'a site that does without categories',
    config: label('system_u:system_r:container_t:s2', 'system_u:object_r:container_file_t:s2'),
    facts: host,
    parameters: { 'require-categories': false },
  },
  {
    name: 'a policy without levels',
    config: label('system_u:system_r:container_t', 'system_u:object_r:container_file_t'),
    facts: host,
    parameters: { 'require-categories': false },
  },
  {
    name: 'a pause container',
    identity: { engine: 'containerd', proven: true, speaker: 'kubernetes', sandbox: true },
    facts: host,
  },
  { name: 'an exec that leaves it to its container', operation: 'exec', config: admitted, process: {} },
  {
    name: 'an exec with the label of its container, written differently',
    operation: 'exec',
    config: admitted,
    process: { selinuxLabel: 'system_u:system_r:container_t:s0:c700,c12-s0:c12,c700' },
  },
  {
    name: 'an exec in a container admitted without a label',
    operation: 'exec',
    process: { selinuxLabel: own },
  },
  {
    name: 'a restore that is told its labels',
    operation: 'restore',
    call: { lsmProfile: `selinux:${own}`, lsmMountContext: files },
    facts: host,
  },
]

type Key =
  | 'absent'
  | 'unbearable'
  | 'invalid'
  | 'malformed'
  | 'type'
  | 'categories'
  | 'mount'
  | 'exec'
  | 'unknown'

const given = (selinuxLabel: string): Pick<BadExample<Key>, 'config' | 'facts' | 'fixable'> => ({
  config: label(selinuxLabel, files),
  facts: host,
  fixable: false,
})

export const selinuxBad: readonly BadExample<Key>[] = [
  { name: 'no label: Docker without selinux-enabled', facts: host, message: 'absent', fixable: false },
  ...assignmentBad,
  {
    name: 'a type the policy of the host does not have',
    config: label('system_u:system_r:container_kvm_t:s0:c12,c700'),
    facts: { ...host, contexts: { 'system_u:system_r:container_kvm_t:s0:c12,c700': null } },
    message: 'invalid',
    fixable: false,
  },
  {
    name: 'a user of files the policy of the host does not have',
    config: label(own),
    facts: { ...host, contexts: { [own]: own, [files]: null } },
    message: 'invalid',
    fixable: false,
  },
  {
    name: 'an allowed name that the kernel knows for another type',
    config: label('system_u:system_r:svirt_lxc_net_t:s0:c12,c700'),
    facts: {
      ...host,
      contexts: { 'system_u:system_r:svirt_lxc_net_t:s0:c12,c700': 'system_u:system_r:spc_t:s0:c12,c700' },
    },
    message: 'type',
    fixable: false,
  },
  {
    name: 'no label for the mounts where the site asks for one',
    process: { selinuxLabel: own },
    facts: host,
    parameters: { 'require-mount-label': true },
    message: 'mount',
    fixable: false,
  },
  {
    name: 'mounts at a range, at which no file can be made',
    config: label(
      'system_u:system_r:container_t:s2:c1-s5:c1,c2',
      'system_u:object_r:container_file_t:s2:c1-s5:c1,c2',
    ),
    facts: host,
    parameters: { 'require-categories': false },
    message: 'mount',
    fixable: false,
  },
  {
    name: 'mounts below the categories of a range, open to others',
    config: label('system_u:system_r:container_t:s0-s0:c1,c2', 'system_u:object_r:container_file_t:s0'),
    facts: host,
    parameters: { 'require-categories': false },
    message: 'mount',
    fixable: false,
  },
  {
    name: 'mounts of another SELinux user',
    config: label(own, 'staff_u:object_r:container_file_t:s0:c12,c700'),
    facts: host,
    message: 'mount',
    fixable: false,
  },
  { name: 'label=disable leaves the label of the mounts', ...given(''), message: 'absent' },
  { name: 'label=type:spc_t', ...given('system_u:system_r:spc_t:s0:c12,c700'), message: 'type' },
  {
    name: 'unconfined_t, away from the host',
    config: label('unconfined_u:unconfined_r:unconfined_t:s0:c12,c700'),
    message: 'type',
    fixable: false,
  },
  {
    name: 'the domain of the engine',
    ...given('system_u:system_r:container_runtime_t:s0:c12,c700'),
    message: 'type',
  },
  { name: 'every category', ...given('system_u:system_r:container_t:s0:c0.c1023'), message: 'categories' },
  {
    name: 'every category but one',
    ...given('system_u:system_r:container_t:s0:c0.c1022'),
    message: 'categories',
  },
  {
    name: 'a range that rises to every category',
    ...given('system_u:system_r:container_t:s0-s0:c0.c1023'),
    message: 'categories',
  },
  { name: 'no category', ...given('system_u:system_r:container_t:s0'), message: 'categories' },
  { name: 'half a pair', ...given('system_u:system_r:container_t:s0:c12'), message: 'categories' },
  { name: 'no level', ...given('system_u:system_r:container_t'), message: 'categories' },
  {
    name: 'a blank that the kernel refuses',
    ...given(' system_u:system_r:container_t:s0:c1,c2'),
    message: 'malformed',
  },
  { name: 'a name of mcstransd', ...given('system_u:system_r:container_t:SystemHigh'), message: 'malformed' },
  {
    name: 'mounts at the level of others',
    config: label(own, 'system_u:object_r:container_file_t:s0'),
    facts: host,
    message: 'mount',
    fixable: false,
  },
  {
    name: 'mounts at a level, and a process without one',
    config: label('system_u:system_r:container_t', files),
    facts: host,
    parameters: { 'require-categories': false },
    message: 'mount',
    fixable: false,
  },
  {
    name: 'label=filetype: of a type of the host',
    config: label(own, 'system_u:object_r:etc_t:s0:c12,c700'),
    facts: host,
    message: 'mount',
    fixable: false,
  },
  {
    name: 'a restore under another label',
    operation: 'restore',
    config: label(own),
    call: { lsmProfile: 'selinux:system_u:system_r:spc_t:s0:c12,c700' },
    facts: host,
    message: 'type',
    fixable: false,
  },
  {
    name: 'exec --process-label with one category more',
    operation: 'exec',
    config: admitted,
    process: { selinuxLabel: 'system_u:system_r:container_t:s0:c12,c13,c700' },
    message: 'exec',
    fixable: false,
  },
  {
    name: 'exec with spc_t',
    operation: 'exec',
    config: admitted,
    process: { selinuxLabel: 'system_u:system_r:spc_t:s0:c12,c700' },
    message: 'exec',
    fixable: false,
  },
  { name: 'no label, away from the host', message: 'unknown' },
]
