/** Restores from folders only root could write, and from those others could. */
import { hostFacts } from '../../core/example.ts'
import type { HostFacts, OwnershipFact } from '../../core/facts.ts'
import type { BadExample, Example } from '../../core/rule.ts'

const restore = { operation: 'restore' } as const
const checkpoint = '/var/lib/checkpoints/shop'
const trusted = { parameters: { 'trusted-checkpoints': ['/var/lib/checkpoints'] } }

/** A host where every folder above is root's, but for what is told. */
const host = (changes: { readonly [path: string]: Partial<OwnershipFact> } = {}): Partial<HostFacts> => {
  const folders = ['/', '/var', '/var/lib', '/var/lib/checkpoints', checkpoint]
  const root: OwnershipFact = { uid: 0, gid: 0, mode: 0o755, kind: 'directory' }
  return {
    ...hostFacts({ [checkpoint]: { kind: 'directory' } }),
    ownership: Object.fromEntries(folders.map((path) => [path, { ...root, ...changes[path] }])),
  }
}

const sound = { ...restore, ...trusted, call: { checkpoint }, facts: host() }
const labels = {
  process: { apparmorProfile: 'docker-default', selinuxLabel: 'system_u:system_r:container_t:s0:c1,c2' },
  linux: { mountLabel: 'system_u:object_r:container_file_t:s0:c1,c2' },
}

export const restoreCheckpointGood: readonly Example[] = [
  { ...sound, name: 'a trusted checkpoint that only root could write' },
  {
    ...sound,
    name: 'below a sticky folder, and writable by the group of root',
    facts: host({ '/var/lib': { mode: 0o1777 }, [checkpoint]: { mode: 0o770 } }),
  },
  {
    ...sound,
    name: 'the profile and labels of the configuration, as Podman names them',
    config: labels,
    call: {
      checkpoint,
      lsmProfile: 'selinux:system_u:system_r:container_t:s0:c1,c2',
      lsmMountContext: 'system_u:object_r:container_file_t:s0:c1,c2',
      emptyNamespaces: ['network'],
    },
  },
]

export const restoreCheckpointBad: readonly BadExample<
  'untrusted' | 'writable' | 'unseen' | 'confinement' | 'namespaces'
>[] = [
  { ...restore, name: 'no folder is trusted', call: { checkpoint }, message: 'untrusted' },
  { ...sound, name: 'the folder the runtime takes by itself', call: {}, message: 'untrusted' },
  {
    ...sound,
    name: 'beside the trusted folder, by ..',
    call: { checkpoint: '/var/lib/checkpoints/../checkpoints-of-mine' },
    message: 'untrusted',
  },
  {
    ...sound,
    name: 'a link out of the trusted folder',
    facts: { ...host(), ...hostFacts({ [checkpoint]: { real: '/home/mine/shop' } }) },
    message: 'untrusted',
  },
  {
    ...sound,
    name: 'a link within the trusted folder',
    facts: { ...host(), ...hostFacts({ [checkpoint]: { real: '/var/lib/checkpoints/other' } }) },
    message: 'writable',
  },
  {
    ...sound,
    name: 'the folder of another user',
    facts: host({ [checkpoint]: { uid: 1000 } }),
    message: 'writable',
  },
  {
    ...sound,
    name: 'a folder above that a group may write to',
    facts: host({ '/var/lib/checkpoints': { gid: 998, mode: 0o775 } }),
    message: 'writable',
  },
  {
    ...sound,
    name: 'a sticky folder, to which others may add files',
    facts: host({ [checkpoint]: { mode: 0o1777 } }),
    message: 'writable',
  },
  { ...sound, name: 'a folder that is not there', facts: hostFacts({}), message: 'writable' },
  { ...sound, name: 'away from the host', facts: {}, message: 'unseen' },
  {
    ...sound,
    name: 'without its profile',
    config: labels,
    call: { checkpoint, lsmProfile: 'apparmor:unconfined' },
    message: 'confinement',
  },
  {
    ...sound,
    name: 'with the label of the host',
    config: labels,
    call: { checkpoint, lsmProfile: 'selinux:system_u:system_r:spc_t:s0' },
    message: 'confinement',
  },
  {
    ...sound,
    name: 'with the mounts of another container',
    config: labels,
    call: { checkpoint, lsmMountContext: 'system_u:object_r:container_file_t:s0:c3,c4' },
    message: 'confinement',
  },
  {
    ...sound,
    name: 'with an empty mount namespace',
    call: { checkpoint, emptyNamespaces: ['network', 'mount'] },
    message: 'namespaces',
  },
]
