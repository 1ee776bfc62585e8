/** Examples of `apparmor-profile`. */
import type { HostFacts } from '../../core/facts.ts'
import type { Identity } from '../../core/identity.ts'
import type { BadExample, Example } from '../../core/rule.ts'

const enabled = '/sys/module/apparmor/parameters/enabled'
const profiles =
  'containers-default-0.50.1 (enforce)\ncri-containerd.apparmor.d (enforce)\ndocker-default (enforce)\nmine (complain)\nloose (unconfined)\n/usr/bin/man (enforce)\n'

const host = (loaded = profiles, more: HostFacts['texts'] = {}): Partial<HostFacts> => ({
  onHost: true,
  texts: { [enabled]: 'Y\n', '/sys/kernel/security/apparmor/profiles': loaded, ...more },
})
const caller = (engine: Identity['engine'], speaker: Identity['speaker']): Partial<Identity> => ({
  engine,
  speaker,
  proven: true,
})
const docker = caller('docker', 'docker')
const profile = (apparmorProfile: string): object => ({ apparmorProfile })
const admitted = { process: { apparmorProfile: 'docker-default' } }

export const apparmorGood: readonly Example[] = [
  { name: 'the default of Docker', process: profile('docker-default'), facts: host() },
  { name: 'a stack of enforced profiles', process: profile('docker-default//&/usr/bin/man'), facts: host() },
  { name: 'a host without AppArmor', facts: { onHost: true } },
  { name: 'AppArmor switched off', facts: { onHost: true, texts: { [enabled]: 'N\n' } } },
  {
    name: 'a pause container of containerd, which never has one',
    identity: { ...caller('containerd', 'kubernetes'), sandbox: true },
    facts: host(),
  },
  {
    name: 'SELinux is what confines, away from the host too',
    process: { selinuxLabel: 'system_u:system_r:container_t:s0:c1,c2' },
  },
  {
    name: 'a rootless engine, which cannot give one',
    facts: host(profiles, { '/proc/self/uid_map': '0 1000 1\n1 100000 65536\n' }),
  },
  {
    name: 'an exec with the profile of its container',
    operation: 'exec',
    config: admitted,
    process: profile('docker-default'),
  },
  { name: 'an exec that leaves it to its container', operation: 'exec', config: admitted, process: {} },
  {
    name: 'an exec in a container admitted without one',
    operation: 'exec',
    process: profile('docker-default'),
  },
  {
    name: 'a restore that is told the profile',
    operation: 'restore',
    call: { lsmProfile: 'apparmor:docker-default' },
    facts: host(),
  },
]

type Key = 'absent' | 'weak' | 'unlisted' | 'exec' | 'unknown'

export const apparmorBad: readonly BadExample<Key>[] = [
  { name: 'no profile: the label of the caller', identity: docker, facts: host(), message: 'absent' },
  {
    name: 'an empty name, for Podman',
    process: profile(''),
    identity: caller('podman', 'podman'),
    facts: host(),
    message: 'absent',
  },
  {
    name: 'apparmor=unconfined, or a privileged container',
    process: profile('unconfined'),
    identity: caller('containerd', 'kubernetes'),
    facts: host(),
    message: 'weak',
  },
  {
    name: 'unconfined, known away from the host',
    process: profile('unconfined'),
    message: 'weak',
    fixable: false,
  },
  {
    name: 'a profile that only complains',
    process: profile('mine'),
    identity: docker,
    facts: host(),
    message: 'weak',
  },
  {
    name: 'a profile whose flag is unconfined',
    process: profile('loose'),
    identity: docker,
    facts: host(),
    message: 'weak',
  },
  {
    name: 'a stack with unconfined',
    process: profile('docker-default//&unconfined'),
    identity: docker,
    facts: host(),
    message: 'weak',
  },
  {
    name: 'a profile of another policy namespace',
    process: profile(':other:docker-default'),
    identity: docker,
    facts: host(),
    message: 'weak',
  },
  {
    name: 'the default is not loaded either: nothing to repair it with',
    process: profile('docker-default'),
    identity: docker,
    facts: host('mine (complain)\n'),
    message: 'weak',
    fixable: false,
  },
  {
    name: 'an engine that is not proven gets no default',
    facts: host(),
    identity: { engine: 'docker' },
    message: 'absent',
    fixable: false,
  },
  {
    name: 'nerdctl without its profile loaded',
    facts: host(),
    identity: caller('containerd', 'ctr'),
    message: 'absent',
    fixable: false,
  },
  {
    name: 'a profile made for another program, where names are listed',
    process: profile('/usr/bin/man'),
    identity: docker,
    facts: host(),
    parameters: { allowed: ['docker-default', 'site-*'] },
    message: 'unlisted',
  },
  {
    name: 'a rootless engine, where the policy asks for a profile',
    facts: host(profiles, { '/proc/self/uid_map': '0 1000 1\n' }),
    parameters: { rootless: true },
    message: 'absent',
    fixable: false,
  },
  {
    name: 'a restore, whose process comes back as it was',
    operation: 'restore',
    process: profile('docker-default'),
    call: { lsmProfile: 'apparmor:unconfined' },
    identity: docker,
    facts: host(),
    message: 'weak',
    fixable: false,
  },
  {
    name: 'exec --apparmor unconfined',
    operation: 'exec',
    config: admitted,
    process: profile('unconfined'),
    message: 'exec',
  },
  {
    name: 'an exec built from the configuration before it was repaired',
    operation: 'exec',
    config: admitted,
    asked: profile('unconfined'),
    process: profile('unconfined'),
    message: 'exec',
  },
  {
    name: 'an exec with another profile',
    operation: 'exec',
    config: admitted,
    process: profile('/usr/bin/man'),
    message: 'exec',
  },
  { name: 'no profile, away from the host', message: 'unknown' },
  { name: 'a profile, away from the host', process: profile('docker-default'), message: 'unknown' },
  {
    name: 'a list of profiles that only root can read',
    process: profile('docker-default'),
    facts: { onHost: true, texts: { [enabled]: 'Y\n' } },
    message: 'unknown',
  },
]
