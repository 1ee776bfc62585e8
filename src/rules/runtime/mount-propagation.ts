/** Forbids shared mount propagation, through which mounts made in a container appear on the host. */
import { shownPath } from '../../core/host-paths.ts'
import { type PatchOperation, pointer } from '../../core/patch.ts'
import { defineRule, type Observation } from '../../core/rule.ts'
import { mounted } from '../support/mount-examples.ts'

export const mountPropagation = defineRule({
  id: 'mount-propagation',
  title: 'Ensure mount propagation mode is not set to shared',
  severity: 'high',
  category: 'mounts',
  references: [
    { benchmark: 'cis-docker-1.13.0', item: '5.19' },
    { benchmark: 'cis-docker-1.7.0', item: '5.20' },
    { benchmark: 'stig-docker-enterprise-2', item: 'DKER-EE-002050' },
    {
      url: 'https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md#rootfs-mount-propagation',
    },
    { url: 'https://www.kernel.org/doc/html/latest/filesystems/sharedsubtree.html' },
  ],
  rationale:
    'A mount made in a shared subtree of the container shows up on the host and in every container that shares it: it can cover files that the host trusts.',
  appliesTo: ['create', 'run', 'restore'],
  parameters: {},
  messages: {
    mount: {
      what: 'mounts made in the container would appear on the host ({actual})',
      why: 'With CAP_SYS_ADMIN the container covers files of the host with its own.',
      remedy: {
        docker: 'leave out :{expected} (bind-propagation) of that -v/--mount',
        podman: 'leave out :{expected} (bind-propagation) of that -v/--mount',
        kubernetes: 'leave out mountPropagation: Bidirectional',
        ctr: 'leave out the shared option of that --mount',
        default: 'write {expected} among the options of that mount',
      },
    },
    root: {
      what: 'the root of the container shares its mounts with the host ({actual})',
      why: 'With CAP_SYS_ADMIN the container covers files of the host with its own.',
      remedy: {
        docker: 'leave out :shared and :rshared (bind-propagation) of every -v/--mount',
        podman: 'leave out :shared and :rshared of every -v/--mount, and --rootfs propagation',
        kubernetes: 'leave out mountPropagation: Bidirectional',
        default: 'set linux.rootfsPropagation to {expected}',
      },
    },
  },
  check: ({ config }) => {
    const found: Observation<'mount' | 'root'>[] = []
    const propagation = config?.linux?.rootfsPropagation
    if (propagation !== undefined && shared.has(propagation)) {
      found.push({ message: 'root', pointer: rootPointer, actual: propagation, expected: 'rslave' })
    }
    const mounts = config?.mounts ?? []
    for (let index = 0; index < mounts.length; index++) {
      const { destination = '', options } = mounts[index] ?? {}
      if (options === undefined || !(options.includes('shared') || options.includes('rshared'))) continue
      // The runtime applies every propagation option in turn: one anywhere in the list counts.
      options.forEach((option, position) => {
        if (!shared.has(option)) return
        const at = pointer('mounts', index, 'options', position)
        found.push({
          message: 'mount',
          pointer: at,
          actual: `${option} at ${shownPath(destination)}`,
          expected: 'rprivate',
        })
      })
    }
    return found
  },
  fix: (observations) =>
    observations.map(
      ({ pointer: path, expected }): PatchOperation => ({ op: 'replace', path, value: expected }),
    ),
  examples: {
    good: [
      { name: 'private mounts', config: mounted('bind', '/srv', 'rbind', 'rprivate') },
      { name: 'mounts that only receive', config: mounted('bind', '/srv', 'rbind', 'rslave') },
      { name: 'a root that only receives', config: { linux: { rootfsPropagation: 'rslave' } } },
    ],
    bad: [
      { name: 'a shared bind', config: mounted('bind', '/srv', 'bind', 'shared'), message: 'mount' },
      {
        name: 'shared before private',
        config: mounted('bind', '/srv', 'rshared', 'rbind', 'rprivate'),
        message: 'mount',
      },
      {
        name: 'shared twice',
        config: mounted('bind', '/srv', 'shared', 'rbind', 'rshared'),
        message: 'mount',
      },
      { name: 'a shared tmpfs', config: mounted('tmpfs', 'tmpfs', 'nosuid', 'shared'), message: 'mount' },
      { name: 'a shared root', config: { linux: { rootfsPropagation: 'shared' } }, message: 'root' },
      {
        name: 'what CRI writes for Bidirectional',
        config: { ...mounted('bind', '/srv', 'rbind', 'rshared'), linux: { rootfsPropagation: 'rshared' } },
        message: 'root',
      },
    ],
  },
})

const shared: ReadonlySet<string> = new Set(['shared', 'rshared'])

const rootPointer = '/linux/rootfsPropagation'
