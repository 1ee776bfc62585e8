/** Requires a mount namespace of the container's own, and on request a cgroup namespace. */
import { cgroupVersion, cgroupVersionProbe } from '../../core/cgroup-version.ts'
import { shownPath } from '../../core/host-paths.ts'
import { type PatchOperation, place, pointer } from '../../core/patch.ts'
import { defineRule, type Observation, type RuleInput } from '../../core/rule.ts'

export const mountNamespace = defineRule({
  id: 'mount-namespace',
  title: 'Ensure that the container has a mount namespace of its own',
  severity: 'critical',
  category: 'namespaces',
  references: [
    { url: 'https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md#namespaces' },
    { url: 'https://man7.org/linux/man-pages/man7/mount_namespaces.7.html' },
    { url: 'https://man7.org/linux/man-pages/man7/cgroup_namespaces.7.html' },
  ],
  rationale:
    'Without it the mounts of the container are mounts of the host: what it mounts, unmounts or covers, the host loses or trusts, and its root is a folder that chroot leaves.',
  appliesTo: ['create', 'run', 'restore'],
  parameters: {
    'require-cgroup': {
      type: 'boolean',
      description: 'Whether hosts with cgroups of version 2 must give a cgroup namespace of its own too.',
      default: false,
    },
  },
  messages: {
    absent: {
      what: 'the container would share the mounts of whoever calls the runtime',
      why: 'It changes what the host has mounted, and sees all of it.',
      remedy: { default: 'list {"type":"mount"} in linux.namespaces' },
    },
    joined: {
      what: 'the container would join the mount namespace {actual}',
      why: 'It works on the mounts of the host or of another container, not on its own.',
      remedy: { default: 'list {"type":"mount"} without a path in linux.namespaces' },
    },
    cgroup: {
      what: 'the container would share the cgroup namespace of the host',
      why: 'It sees the groups of every other, and its own path among them.',
      remedy: {
        docker: 'leave out --cgroupns host and --privileged',
        podman: 'leave out --cgroupns host and --privileged',
        kubernetes: 'set privileged: false',
        default: 'list {"type":"cgroup"} in linux.namespaces',
      },
    },
    unknown: {
      what: 'the container has no cgroup namespace, and the cgroup version of the host was not looked at',
      why: 'On hosts with version 2 it would share that of the host.',
      remedy: { default: 'list {"type":"cgroup"} in linux.namespaces' },
    },
  },
  probes: (input, parameters) =>
    parameters['require-cgroup'] && !has(input, 'cgroup') ? [cgroupVersionProbe] : [],
  check: (input, parameters) => [
    ...judgeMount(input),
    ...(parameters['require-cgroup'] ? judgeCgroup(input) : []),
  ],
  fix: (observations, { operation, config }) => {
    // A restored process comes back in the namespaces of its checkpoint, whatever the file says.
    if (operation === 'restore') return []
    const added = observations.flatMap(({ message }) =>
      message === 'joined' ? [] : [{ type: message === 'absent' ? 'mount' : 'cgroup' }],
    )
    const own = observations
      .filter(({ message }) => message === 'joined')
      .map(({ pointer: path }): PatchOperation => ({ op: 'replace', path, value: { type: 'mount' } }))
    if (added.length > 0 && config?.linux?.namespaces === undefined) return [place(config, listAt, added)]
    return [...own, ...added.map((value): PatchOperation => ({ op: 'add', path: `${listAt}/-`, value }))]
  },
  examples: {
    good: [
      { name: 'a mount namespace of its own' },
      { name: 'an empty path is none', config: { linux: { namespaces: [{ type: 'mount', path: '' }] } } },
      {
        name: 'a cgroup namespace, where it is required',
        config: { linux: { namespaces: [{ type: 'mount' }, { type: 'cgroup' }] } },
        parameters: { 'require-cgroup': true },
      },
      {
        name: 'none on a host with cgroups of version 1, where it is required',
        parameters: { 'require-cgroup': true },
        facts: { onHost: true },
      },
    ],
    bad: [
      {
        name: 'no entry for mounts',
        config: { linux: { namespaces: [{ type: 'pid' }] } },
        message: 'absent',
      },
      { name: 'no namespaces', config: { linux: { namespaces: null } }, message: 'absent' },
      { name: 'no Linux section', config: { linux: null }, message: 'absent' },
      {
        name: 'the mount namespace of the host',
        config: { linux: { namespaces: [{ type: 'mount', path: '/proc/1/ns/mnt' }] } },
        message: 'joined',
      },
      {
        name: 'a restored container keeps what its checkpoint has',
        operation: 'restore',
        config: { linux: { namespaces: [{ type: 'mount', path: '/run/ns/copy' }] } },
        message: 'joined',
        fixable: false,
      },
      {
        name: 'no cgroup namespace on a host with cgroups of version 2, where it is required',
        parameters: { 'require-cgroup': true },
        facts: { onHost: true, texts: { '/sys/fs/cgroup/cgroup.controllers': '' } },
        message: 'cgroup',
      },
      {
        name: 'no cgroup namespace, away from the host',
        parameters: { 'require-cgroup': true },
        message: 'unknown',
      },
    ],
  },
})

const listAt = '/linux/namespaces'

const has = ({ config }: RuleInput, wanted: string): boolean =>
  config?.linux?.namespaces?.some(({ type }) => type === wanted) === true

const expected = 'a mount namespace of its own'

const judgeMount = (input: RuleInput): readonly Observation<'absent' | 'joined'>[] => {
  if (!has(input, 'mount')) return [{ message: 'absent', pointer: listAt, actual: 'none', expected }]
  return (input.config?.linux?.namespaces ?? []).flatMap(({ type, path = '' }, index) => {
    if (type !== 'mount' || path === '') return []
    const at = { pointer: pointer('linux', 'namespaces', index), actual: shownPath(path), expected }
    return [{ message: 'joined' as const, ...at }]
  })
}

const judgeCgroup = (input: RuleInput): readonly Observation<'cgroup' | 'unknown'>[] => {
  const version = has(input, 'cgroup') ? 1 : cgroupVersion(input.facts)
  const at = { pointer: listAt, actual: 'none', expected: 'a cgroup namespace of its own' }
  if (version === undefined) return [{ message: 'unknown', ...at, unknown: true }]
  return version === 2 ? [{ message: 'cgroup', ...at }] : []
}
