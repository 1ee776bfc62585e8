/** Requires a read-only root file system, with no writable mount over the folders programs are run from. */
import { isEngineOwn } from '../../core/engine-files.ts'
import { shownPath } from '../../core/host-paths.ts'
import { destinationOf, isWritable } from '../../core/mounts.ts'
import type { Config } from '../../core/oci.ts'
import { type PatchOperation, place, pointer } from '../../core/patch.ts'
import { cleanPath, isWithin } from '../../core/path.ts'
import { defineRule, type Observation } from '../../core/rule.ts'
import { rootfsBad, rootfsGood } from '../support/readonly-rootfs-examples.ts'

export const readonlyRootfs = defineRule({
  id: 'readonly-rootfs',
  title: "Ensure that the container's root filesystem is mounted as read only",
  severity: 'medium',
  category: 'filesystem',
  references: [
    { benchmark: 'cis-docker-1.13.0', item: '5.12' },
    { benchmark: 'cis-docker-1.7.0', item: '5.13' },
    { benchmark: 'stig-docker-enterprise-2', item: 'DKER-EE-002030' },
    { url: 'https://github.com/opencontainers/runtime-spec/blob/main/config.md#root' },
  ],
  rationale:
    'In a file system that cannot be written to nobody leaves programs, changes configuration or hides traces; what has to be written goes to volumes and tmpfs.',
  appliesTo: ['create', 'run', 'restore'],
  parameters: {
    'tmpfs-paths': {
      type: 'array',
      items: { type: 'string' },
      description: 'Where the fix mounts a tmpfs, unless something is mounted there or above.',
      default: ['/tmp', '/run', '/var/tmp'],
    },
    'tmpfs-size': {
      type: 'string',
      description: 'Size of each such tmpfs, as its size= option.',
      default: '64m',
    },
    'program-paths': {
      type: 'array',
      items: { type: 'string' },
      description:
        'Folders of the image that hold programs or configuration: nothing writable is mounted over them.',
      default: [
        '/',
        '/bin',
        '/sbin',
        '/lib',
        '/lib64',
        '/usr',
        '/usr/bin',
        '/usr/sbin',
        '/usr/lib',
        '/usr/lib64',
        '/usr/local',
        '/usr/local/bin',
        '/usr/local/sbin',
        '/opt',
        '/etc',
      ],
    },
  },
  messages: {
    writable: {
      what: 'the root file system of the container is writable',
      why: 'A compromised program changes the programs and configuration it runs from.',
      remedy: {
        docker: 'add --read-only (and --tmpfs or -v for what must be written)',
        podman: 'add --read-only (and -v for what must be written)',
        kubernetes: 'set securityContext.readOnlyRootFilesystem: true',
        ctr: 'add --read-only',
        default: 'set root.readonly to true',
      },
    },
    covered: {
      what: 'a writable mount covers {actual}, where programs are run from',
      why: 'A read-only root does not help where another file system lies over it.',
      remedy: {
        docker: 'mount it elsewhere, or append :ro',
        podman: 'mount it elsewhere, or append :ro',
        kubernetes: 'mount it elsewhere, or set readOnly: true on that volumeMount',
        default: 'mount it elsewhere, or add "ro" to its options',
      },
    },
  },
  check: (input, parameters) => {
    const { config, identity } = input
    // A build step writes the image: that is what it is for.
    if (config === undefined || identity.buildStep) return []
    const found: Observation<'writable' | 'covered'>[] = []
    if (config.root?.readonly !== true) {
      const actual = String(config.root?.readonly ?? 'unset')
      found.push({ message: 'writable', pointer: readonlyPointer, actual, expected: 'true' })
    }
    const covers = parameters['program-paths']
    const mounts = config.mounts ?? []
    for (let index = 0; index < mounts.length; index++) {
      const mount = mounts[index]
      if (mount === undefined || !covers.includes(destinationOf(mount))) continue
      if (!isWritable(mount) || isEngineOwn(mount, input)) continue
      const actual = shownPath(destinationOf(mount))
      found.push({ message: 'covered', pointer: pointer('mounts', index), actual, expected: 'read-only' })
    }
    return found
  },
  fix: (observations, { config }, parameters) => {
    if (config === undefined || !observations.some(({ message }) => message === 'writable')) return []
    const covered = coveredPaths(config)
    const free = parameters['tmpfs-paths'].filter((path) => isFree(path, covered))
    const mounts = free.map((destination) => ({
      destination,
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'nodev', 'mode=1777', `size=${parameters['tmpfs-size']}`],
    }))
    // In front of all others: whatever the engine mounts below (/run/.containerenv, or /var/run/secrets, which
    // is in /run where the image has the usual link) then lies on top.
    const add: readonly PatchOperation[] =
      config.mounts === undefined
        ? [{ op: 'add', path: '/mounts', value: mounts }]
        : mounts.toReversed().map((value): PatchOperation => ({ op: 'add', path: '/mounts/0', value }))
    return [place(config, readonlyPointer, true), ...add]
  },
  examples: { good: rootfsGood, bad: rootfsBad },
})

const readonlyPointer = '/root/readonly'

/** Where something is mounted; /var/run counts as the link to /run that images have. */
const coveredPaths = ({ mounts = [] }: Config): readonly string[] =>
  mounts.map((mount) => {
    const destination = destinationOf(mount)
    return isWithin(destination, '/var/run') ? destination.slice('/var'.length) : destination
  })

/** Nothing is mounted at the path or above it. */
const isFree = (path: string, covered: readonly string[]): boolean => {
  const clean = cleanPath(path)
  return covered.every((destination) => destination === '/' || !isWithin(clean, destination))
}
