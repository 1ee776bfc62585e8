/** Forbids id-mapped mounts through which some id of the container writes to the host's files as root. */
import { userSources } from '../../core/engine-files.ts'
import { factOf, shownPath } from '../../core/host-paths.ts'
import type { HostSource } from '../../core/mounts.ts'
import type { IdMapping, Mount } from '../../core/oci.ts'
import { type PatchOperation, pointer } from '../../core/patch.ts'
import { cleanPath, isWithin } from '../../core/path.ts'
import { matchesGlob } from '../../core/policy.ts'
import { defineRule, type RuleInput } from '../../core/rule.ts'

export const idmappedMounts = defineRule({
  id: 'idmapped-mounts',
  title: "Ensure that id-mapped mounts do not give the root of the host's files away",
  severity: 'medium',
  category: 'mounts',
  references: [
    { url: 'https://github.com/opencontainers/runtime-spec/blob/main/config.md#posix-platform-mounts' },
    { url: 'https://docs.kernel.org/filesystems/idmappings.html' },
    { url: 'https://github.com/containers/crun/blob/main/crun.1.md' },
  ],
  rationale:
    'A mapping that takes id 0 of the mounted files to an ordinary id of the container lets that id write as root does, past the user namespace and past every rule on the user the process runs as.',
  appliesTo: ['create', 'run', 'restore'],
  parameters: {
    allow: {
      type: 'array',
      items: { type: 'string' },
      description:
        'Folders of the host, `*` within them, whose files may be mounted so with what is below: volumes that engines keep for containers.',
      default: [
        '/var/lib/kubelet/pods',
        '/var/lib/docker/volumes',
        '/var/lib/containers/storage/volumes',
        '/var/lib/nerdctl/*/volumes',
      ],
    },
  },
  messages: {
    root: {
      what: '{actual} is mounted so that an id of the container writes there as root',
      why: 'It owns the files that root of the host owns, whoever it is in the container.',
      remedy: {
        podman: 'leave out idmap among the options of that -v/--mount, or mount a volume',
        kubernetes: 'mount a volume instead of that hostPath, or set hostUsers: true',
        default: 'remove idmap, ridmap, uidMappings and gidMappings of that mount',
      },
    },
  },
  probes: (input) => mappedSources(input).map(({ path }) => ({ path })),
  check: (input, { allow }) =>
    mappedSources(input)
      .filter(({ path }) => !isAllowed(path, input, allow))
      .map(({ index, path, destination }) => ({
        message: 'root',
        pointer: pointer('mounts', index),
        actual: `${shownPath(path)} at ${shownPath(destination)}`,
        expected: 'no mapping of id 0',
      })),
  fix: (observations, { operation, config }) =>
    // A restored container comes back with the mounts of its checkpoint.
    operation === 'restore'
      ? []
      : observations.flatMap(({ pointer: at }) =>
          unmapped(config?.mounts?.[Number(at.slice(at.lastIndexOf('/') + 1))], at),
        ),
  examples: {
    good: [
      { name: 'no mapping' },
      {
        name: 'a volume of a pod with a user namespace',
        config: {
          mounts: [
            {
              destination: '/data',
              type: 'bind',
              source: '/var/lib/kubelet/pods/1-2/volumes/kubernetes.io~csi/pv/mount',
              options: ['rbind', 'rprivate'],
              uidMappings: [{ containerID: 0, hostID: 65536, size: 65536 }],
              gidMappings: [{ containerID: 0, hostID: 65536, size: 65536 }],
            },
          ],
        },
      },
      {
        name: 'a mapping without root',
        config: {
          mounts: [
            {
              destination: '/data',
              type: 'bind',
              source: '/srv/data',
              options: ['rbind'],
              uidMappings: [{ containerID: 1000, hostID: 100000, size: 1 }],
            },
          ],
        },
      },
      {
        name: "a mapping without root, in crun's own spelling",
        config: {
          mounts: [
            {
              destination: '/data',
              type: 'bind',
              source: '/srv/data',
              options: ['rbind', 'idmap=uids=1-100000-10'],
            },
          ],
        },
      },
    ],
    bad: [
      {
        name: "root's files given to an ordinary user",
        config: {
          mounts: [
            {
              destination: '/data',
              type: 'bind',
              source: '/srv/data',
              options: ['rbind'],
              uidMappings: [{ containerID: 0, hostID: 1000, size: 1 }],
              gidMappings: [{ containerID: 1000, hostID: 1000, size: 1 }],
            },
          ],
        },
        message: 'root',
      },
      {
        name: 'the group alone, second in the list',
        config: {
          mounts: [
            {
              destination: '/data',
              type: 'bind',
              source: '/srv/data',
              options: ['bind', 'ridmap'],
              gidMappings: [
                { containerID: 7, hostID: 7, size: 1 },
                { containerID: 0, hostID: 1000, size: 1 },
              ],
            },
          ],
        },
        message: 'root',
      },
      {
        name: 'the mapping of the container itself',
        config: {
          linux: { uidMappings: [{ containerID: 0, hostID: 65536, size: 65536 }] },
          mounts: [
            { destination: '/data', type: 'bind', source: '/srv/data', options: ['idmap', 'rbind', 'idmap'] },
          ],
        },
        message: 'root',
      },
      {
        name: "in crun's own spelling",
        config: {
          mounts: [
            {
              destination: '/data',
              type: 'bind',
              source: '/srv/data',
              options: ['rbind', 'idmap=uids=5-5-1#@0-1000-1;gids=5-5-1'],
            },
          ],
        },
        message: 'root',
      },
      {
        name: 'a path that climbs out of the folder that is allowed',
        config: {
          mounts: [
            {
              destination: '/data',
              type: 'bind',
              source: '/var/lib/docker/volumes/../../../etc',
              options: ['rbind', 'idmap'],
            },
          ],
        },
        message: 'root',
      },
    ],
  },
})

const isIdMap = (option: string): boolean =>
  (option.startsWith('idmap') || option.startsWith('ridmap')) && /^r?idmap(?:=|$)/.test(option)

const mappedSources = (input: RuleInput): readonly HostSource[] => {
  const mounts = input.config?.mounts ?? []
  return userSources(input).filter(({ index }) => takesRoot(mounts[index], input))
}

/** Whether id 0 of the mounted files is mapped to anything. */
const takesRoot = (mount: Mount | undefined, { config }: RuleInput): boolean => {
  const { uidMappings, gidMappings, options = [] } = mount ?? {}
  if (uidMappings?.some(coversRoot) === true || gidMappings?.some(coversRoot) === true) return true
  const option = options.findLast(isIdMap)
  if (option === undefined || uidMappings !== undefined) return false
  const written = option.slice(option.indexOf('=') + 1)
  if (written !== option) return written.split(/[;#=]/).some((part) => /^@?0+-/.test(part))
  // An option alone takes the mapping of the container; one that has none is given what the runtime pleases.
  return config?.linux?.uidMappings?.some(coversRoot) !== false
}

const coversRoot = ({ containerID, size }: IdMapping): boolean => containerID === 0 && size > 0

const isAllowed = (path: string, { facts }: RuleInput, allow: readonly string[]): boolean => {
  const places = [cleanPath(path), factOf(facts, path).real]
  const lies = (place: string): boolean =>
    allow.some((folder) =>
      folder.includes('*') ? matchesGlob(`${folder}/*`, place) : isWithin(place, folder),
    )
  return places.every(lies)
}

/** Operations that make it an ordinary mount. */
const unmapped = (mount: Mount | undefined, at: string): readonly PatchOperation[] => {
  const { options = [] } = mount ?? {}
  const named = options
    .flatMap((option, index) => (isIdMap(option) ? [`${at}/options/${index}`] : []))
    .toReversed()
  const members = (['uidMappings', 'gidMappings'] as const)
    .filter((name) => mount?.[name] !== undefined)
    .map((name) => `${at}/${name}`)
  return [...named, ...members].map((path) => ({ op: 'remove', path }))
}
