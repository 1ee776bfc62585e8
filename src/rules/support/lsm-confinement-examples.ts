/** Examples of `lsm-confinement`. */
import type { HostFacts } from '../../core/facts.ts'
import type { BadExample, Example } from '../../core/rule.ts'

const enabled = { '/sys/module/apparmor/parameters/enabled': 'Y\n' }
const listed = '/sys/kernel/security/apparmor/profiles'
const withApparmor: Partial<HostFacts> = {
  onHost: true,
  texts: { ...enabled, [listed]: 'docker-default (enforce)\nmine (complain)\n' },
}
const withSelinux: Partial<HostFacts> = { onHost: true, texts: { '/sys/fs/selinux/enforce': '1' } }
const rootless: Partial<HostFacts> = {
  onHost: true,
  texts: { ...enabled, '/proc/self/uid_map': '0 1000 1\n' },
}
const permissive: Partial<HostFacts> = { onHost: true, texts: { '/sys/fs/selinux/enforce': '0' } }
const label = (type: string): string => `system_u:system_r:${type}:s0:c1,c2`

export const lsmGood: readonly Example[] = [
  { name: 'an enforced profile', process: { apparmorProfile: 'docker-default' }, facts: withApparmor },
  { name: 'a label', process: { selinuxLabel: label('container_t') }, facts: withSelinux },
  { name: 'a label, away from the host', process: { selinuxLabel: label('container_t') } },
  { name: 'a host with neither: told once, not by each container', facts: { onHost: true } },
  { name: 'a rootless engine on a host with AppArmor', facts: rootless },
  {
    name: 'a pause container',
    identity: { engine: 'containerd', proven: true, speaker: 'kubernetes', sandbox: true },
    facts: withApparmor,
  },
  {
    name: 'an exec that leaves it to its container',
    operation: 'exec',
    config: { process: { apparmorProfile: 'docker-default' } },
    process: {},
  },
  {
    name: 'an exec in a container that nothing confines',
    operation: 'exec',
    process: { apparmorProfile: 'unconfined' },
  },
]

export const lsmBad: readonly BadExample<'unconfined' | 'module' | 'exec' | 'unknown'>[] = [
  { name: 'no profile', facts: withApparmor, message: 'unconfined' },
  {
    name: 'a profile that only complains',
    process: { apparmorProfile: 'mine' },
    facts: withApparmor,
    message: 'unconfined',
  },
  {
    name: 'a label on a host that confines by AppArmor',
    process: { selinuxLabel: label('container_t') },
    facts: withApparmor,
    message: 'unconfined',
  },
  { name: 'no label', facts: withSelinux, message: 'unconfined' },
  { name: 'spc_t', process: { selinuxLabel: label('spc_t') }, facts: withSelinux, message: 'unconfined' },
  {
    name: 'a profile on a host that confines by SELinux',
    process: { apparmorProfile: 'docker-default' },
    facts: withSelinux,
    message: 'unconfined',
  },
  {
    name: 'unconfined, away from the host',
    process: { apparmorProfile: 'unconfined' },
    message: 'unconfined',
  },
  {
    name: 'a SELinux that only complains, where the policy asks for a module',
    facts: permissive,
    process: { selinuxLabel: label('container_t') },
    parameters: { 'require-module': true },
    message: 'module',
  },
  {
    name: 'exec --apparmor unconfined',
    operation: 'exec',
    config: { process: { apparmorProfile: 'docker-default' } },
    process: { apparmorProfile: 'unconfined' },
    message: 'exec',
  },
  {
    name: 'exec --process-label with spc_t',
    operation: 'exec',
    config: { process: { selinuxLabel: label('container_t') } },
    process: { selinuxLabel: label('spc_t') },
    message: 'exec',
  },
  { name: 'neither, away from the host', message: 'unknown' },
  {
    name: 'a list of profiles that only root can read',
    process: { apparmorProfile: 'docker-default' },
    facts: { onHost: true, texts: enabled },
    message: 'unknown',
  },
]
