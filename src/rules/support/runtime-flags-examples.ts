/** Calls of the runtime with the flags that runtime-flags judges, and what their descriptors are. */
import { hostFacts } from '../../core/example.ts'
import type { HostFacts, PathFact } from '../../core/facts.ts'
import type { BadExample, Example } from '../../core/rule.ts'

const descriptorFacts = (changes: Partial<PathFact>): Partial<HostFacts> =>
  hostFacts({ '/proc/self/fd/3': changes })

export const runtimeFlagsGood: readonly Example[] = [
  { name: 'no flags' },
  {
    name: 'a host on a RAM disk, which cannot pivot',
    call: { noPivot: true },
    facts: { onHost: true, texts: { '/proc/self/mountinfo': '1 1 0:2 / / rw - rootfs rootfs rw\n' } },
  },
  {
    name: 'a socket, where one may be handed over',
    call: { preservedDescriptors: 1 },
    parameters: { 'max-descriptors': 1 },
    facts: descriptorFacts({ kind: 'socket', real: '/proc/self/fd/3' }),
  },
  {
    name: 'nothing but /dev/null, where one may be handed over',
    operation: 'exec',
    call: { preservedDescriptors: 1 },
    parameters: { 'max-descriptors': 1 },
    facts: descriptorFacts({ kind: 'character', real: '/dev/null', represents: '259' }),
  },
  {
    name: 'a site that wants both',
    call: { noPivot: true, noNewKeyring: true },
    parameters: { 'allow-no-pivot': true, 'allow-shared-keyring': true },
  },
]

export const runtimeFlagsBad: readonly BadExample<'no-pivot' | 'keyring' | 'descriptors' | 'reaching'>[] = [
  { name: 'without pivot_root', call: { noPivot: true }, message: 'no-pivot' },
  {
    name: 'without pivot_root on a disk that covers the first RAM disk',
    operation: 'restore',
    call: { noPivot: true },
    facts: {
      onHost: true,
      texts: {
        '/proc/self/mountinfo':
          '1 1 0:1 / / rw - rootfs rootfs rw\n25 1 8:1 / / rw,relatime shared:1 - xfs /dev/sda1 rw\n',
      },
    },
    message: 'no-pivot',
  },
  { name: 'with the keyring of the caller', call: { noNewKeyring: true }, message: 'keyring' },
  {
    name: 'podman exec --preserve-fds',
    operation: 'exec',
    call: { preservedDescriptors: 1 },
    facts: descriptorFacts({ kind: 'file', real: '/etc/passwd' }),
    message: 'descriptors',
  },
  {
    name: 'more than may be handed over',
    call: { preservedDescriptors: 2 },
    parameters: { 'max-descriptors': 1 },
    message: 'descriptors',
  },
  {
    name: 'a folder of the host, although one descriptor may be handed over',
    call: { preservedDescriptors: 1 },
    parameters: { 'max-descriptors': 1 },
    facts: descriptorFacts({ kind: 'directory', real: '/root' }),
    message: 'reaching',
  },
  {
    name: 'a disk, although one descriptor may be handed over',
    call: { preservedDescriptors: 1 },
    parameters: { 'max-descriptors': 1 },
    facts: descriptorFacts({ kind: 'block', real: '/dev/sda', represents: '2048' }),
    message: 'reaching',
  },
]
