/** Requires that what is mounted into a container brings no setuid programs and no device nodes. */
import { userSources } from '../../core/engine-files.ts'
import { shownPath } from '../../core/host-paths.ts'
import { appendOptions } from '../../core/mount-options.ts'
import { destinationOf, isBind } from '../../core/mounts.ts'
import type { Mount } from '../../core/oci.ts'
import { type PatchOperation, pointer } from '../../core/patch.ts'
import { cleanPath, isWithin } from '../../core/path.ts'
import { defineRule, type RuleInput } from '../../core/rule.ts'
import { volumeAt } from '../support/mount-examples.ts'

export const mountFlags = defineRule({
  id: 'mount-flags',
  title: 'Ensure that volumes are mounted without setuid programs and device nodes',
  severity: 'low',
  category: 'mounts',
  references: [
    { url: 'https://github.com/opencontainers/runtime-spec/blob/main/config.md#linux-mount-options' },
    { url: 'https://man7.org/linux/man-pages/man8/mount.8.html' },
  ],
  rationale:
    'A volume is written by others than the image: a setuid program or a device node put there from outside is a way to rights that the image does not give.',
  appliesTo: ['create', 'run', 'restore'],
  parameters: {
    noexec: {
      type: 'boolean',
      description: 'Whether programs on volumes must not be started either.',
      default: false,
    },
  },
  messages: {
    missing: {
      what: 'a volume is mounted without {actual}',
      why: 'Programs and devices found on it give more rights than the image does.',
      remedy: {
        podman: 'append {expected} to that -v/--mount',
        kubernetes: 'let lintel repair it: a volume mount has no such option',
        ctr: 'put {expected} among the options of that --mount',
        default: 'add {expected} to the options of that mount',
      },
    },
  },
  check: (input, { noexec }) => {
    const wanted = noexec ? ['nosuid', 'nodev', 'noexec'] : ['nosuid', 'nodev']
    return volumesOf(input).flatMap(({ index, mount }) => {
      const missing = wanted.filter((flag) => !holds(mount, flag))
      if (missing.length === 0) return []
      const flags = missing.join(',')
      const actual = `${flags} at ${shownPath(mount.destination)}`
      return [{ message: 'missing' as const, pointer: pointer('mounts', index), actual, expected: flags }]
    })
  },
  fix: (observations, { operation, config }) =>
    // A restored container comes back with the mounts of its checkpoint.
    operation === 'restore'
      ? []
      : observations.flatMap(({ pointer: at, expected }): readonly PatchOperation[] => {
          const index = Number(at.slice(at.lastIndexOf('/') + 1))
          return appendOptions(config?.mounts?.[index], index, expected.split(','))
        }),
  examples: {
    good: [
      { name: 'no volumes' },
      { name: 'both flags', config: volumeAt('/data', 'nodev', 'nosuid') },
      { name: 'taken away and given again', config: volumeAt('/data', 'nosuid', 'nodev', 'suid', 'nosuid') },
      {
        name: 'a device that was asked for',
        config: {
          mounts: [{ destination: '/dev/snd', type: 'bind', source: '/dev/snd', options: ['bind'] }],
        },
      },
      {
        name: 'the file systems every container has',
        config: {
          mounts: [
            { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'strictatime'] },
            { destination: '/run', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'strictatime'] },
            { destination: '/dev/pts', type: 'devpts', source: 'devpts', options: ['nosuid', 'noexec'] },
          ],
        },
      },
    ],
    bad: [
      { name: 'a named volume', config: volumeAt('/data'), message: 'missing' },
      {
        name: 'flags taken back: the last one wins',
        config: volumeAt('/data', 'nosuid', 'nodev', 'suid', 'dev'),
        message: 'missing',
      },
      {
        name: 'a tmpfs',
        config: { mounts: [{ destination: '/cache', type: 'tmpfs', source: 'tmpfs' }] },
        message: 'missing',
      },
      {
        name: 'without noexec, where the policy wants it',
        config: volumeAt('/data', 'nosuid', 'nodev', 'noexec', 'exec'),
        parameters: { noexec: true },
        message: 'missing',
      },
    ],
  },
})

interface Volume {
  readonly index: number
  readonly mount: Mount
}

/** What people mounted: binds and tmpfs, but for device nodes, which `nodev` would make useless. */
const volumesOf = (input: RuleInput): readonly Volume[] => {
  const asked = new Set(userSources(input).map(({ index }) => index))
  return (input.config?.mounts ?? []).flatMap((mount, index) => {
    // containerd gives every container of ctr a /run of its own.
    const isTmpfs = mount.type === 'tmpfs' && !isBind(mount) && destinationOf(mount) !== '/run'
    const isDevice = isWithin(destinationOf(mount), '/dev') || isWithin(cleanPath(mount.source ?? ''), '/dev')
    return !isDevice && (isTmpfs || (isBind(mount) && asked.has(index))) ? [{ index, mount }] : []
  })
}

/** Of a flag and its opposite, the last one wins (runc specconv parseMountOptions). */
const holds = ({ options = [] }: Mount, flag: string): boolean =>
  options.lastIndexOf(flag) > options.lastIndexOf(flag.slice(2))
