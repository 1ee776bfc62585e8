/** Examples of `selinux-mount-context`. */
import type { HostFacts } from '../../core/facts.ts'
import type { BadExample, Example } from '../../core/rule.ts'

const host: Partial<HostFacts> = { onHost: true, texts: { '/sys/fs/selinux/enforce': '1' } }
const level = 's0:c12,c700'

const mounted = (...options: readonly string[]): Pick<Example, 'config' | 'facts'> => ({
  config: {
    process: { selinuxLabel: `system_u:system_r:container_t:${level}` },
    mounts: [{ destination: '/data', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', ...options] }],
  },
  facts: host,
})

export const mountContextGood: readonly Example[] = [
  { name: 'no such option', ...mounted('size=64m') },
  {
    name: 'the label of the container, its categories in another order',
    ...mounted('context="system_u:object_r:container_file_t:s0:c700,c12"'),
  },
  {
    name: 'the same, spread over two options',
    ...mounted('rootcontext="system_u:object_r:container_file_t:s0:c12', 'c700"'),
  },
  {
    name: 'a host without SELinux, where the kernel does not know the option',
    ...mounted('context="system_u:object_r:etc_t:s0"'),
    facts: { onHost: true },
  },
  {
    name: 'a policy without levels',
    config: {
      process: { selinuxLabel: 'system_u:system_r:container_t' },
      mounts: [
        {
          destination: '/data',
          type: 'tmpfs',
          source: 'tmpfs',
          options: ['context=system_u:object_r:container_file_t'],
        },
      ],
    },
    facts: host,
  },
]

export const mountContextBad: readonly BadExample<'malformed' | 'label'>[] = [
  {
    name: 'files at the level of another container',
    ...mounted('context="system_u:object_r:container_file_t:s0:c1,c2"'),
    message: 'label',
  },
  {
    name: 'files that every container reads',
    ...mounted('context=system_u:object_r:container_file_t:s0'),
    message: 'label',
  },
  {
    name: 'files of the host',
    ...mounted(`fscontext="system_u:object_r:etc_t:${level}"`),
    message: 'label',
  },
  {
    name: 'an allowed type that the kernel knows for another',
    ...mounted(`context="system_u:object_r:svirt_lxc_file_t:${level}"`),
    facts: {
      ...host,
      contexts: {
        [`system_u:object_r:svirt_lxc_file_t:${level}`]: `system_u:object_r:etc_t:${level}`,
      },
    },
    message: 'label',
  },
  {
    name: 'a label without a level',
    ...mounted('context=system_u:object_r:container_file_t'),
    message: 'label',
  },
  {
    name: 'a container without a label',
    config: {
      mounts: [
        {
          destination: '/data',
          type: 'tmpfs',
          source: 'tmpfs',
          options: ['defcontext=system_u:object_r:container_file_t:s0'],
        },
      ],
    },
    facts: host,
    message: 'label',
  },
  {
    name: 'quotes that hide the categories from whoever splits at commas',
    ...mounted('context="system_u:object_r:container_file_t:s0:c12', 'c700', 'c9"'),
    message: 'label',
  },
  { name: 'rubbish', ...mounted('context=SystemHigh'), message: 'malformed' },
  {
    name: 'a type the policy of the host does not have',
    ...mounted(`context="system_u:object_r:container_file_t:${level}"`),
    facts: { ...host, contexts: { [`system_u:object_r:container_file_t:${level}`]: null } },
    message: 'malformed',
  },
  {
    name: 'the second of two mounts, away from the host',
    config: {
      process: { selinuxLabel: `system_u:system_r:container_t:${level}` },
      mounts: [
        { destination: '/a', type: 'tmpfs', source: 'tmpfs', options: ['rw'] },
        {
          destination: '/b',
          type: 'tmpfs',
          source: 'tmpfs',
          options: ['context=system_u:object_r:container_file_t:s0'],
        },
      ],
    },
    message: 'label',
  },
]
