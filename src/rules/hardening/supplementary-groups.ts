/** Forbids groups that open what the container was given: root's for other users, and powerful ones of the host. */
import { userSources } from '../../core/engine-files.ts'
import type { HostFacts, PathFact } from '../../core/facts.ts'
import { factOf, relationOf, shownPath, viewsOf } from '../../core/host-paths.ts'
import type { Device, User } from '../../core/oci.ts'
import type { PatchOperation } from '../../core/patch.ts'
import { defineRule, type Observation, type RuleInput } from '../../core/rule.ts'
import { groupsBad, groupsGood } from '../support/supplementary-groups-examples.ts'

const groupFile = '/etc/group'

export const supplementaryGroups = defineRule({
  id: 'supplementary-groups',
  title: 'Ensure that containers do not hold groups that open the host to them',
  severity: 'medium',
  category: 'user',
  references: [
    { benchmark: 'pss-restricted', item: 'runAsNonRoot' },
    { url: 'https://man7.org/linux/man-pages/man7/credentials.7.html' },
    { url: 'https://docs.docker.com/engine/security/#docker-daemon-attack-surface' },
  ],
  rationale:
    'Groups are numbers, and the host compares its own: a container with the number of the group docker and a folder that holds the control socket is root of the host without being root. Group 0 opens what belongs to root and its group, in the image and in every mount.',
  appliesTo: ['create', 'run', 'restore', 'exec'],
  parameters: {
    'host-groups': {
      type: 'array',
      items: { type: 'string' },
      description: 'Names of groups of the host that count, together with something mounted that they open.',
      default: ['docker', 'disk', 'kmem', 'shadow', 'lxd', 'incus', 'libvirt', 'kvm'],
    },
    'root-group': {
      type: 'boolean',
      description:
        'Whether group 0 is a finding for users who are not root; images made for OpenShift depend on it.',
      default: true,
    },
  },
  messages: {
    root: {
      what: 'the user {actual} would be in the group of root',
      why: 'It opens what belongs to root and its group.',
      remedy: {
        docker: 'name a group with --user uid:gid, and leave out --group-add 0',
        podman: 'name a group with --user uid:gid, and leave out --group-add 0',
        kubernetes: 'set securityContext.runAsGroup, and leave 0 out of supplementalGroups and fsGroup',
        default: 'give process.user another gid, and take 0 out of additionalGids',
      },
    },
    host: {
      what: 'the container would be in the group {actual}',
      why: 'That group opens it for users who are not root.',
      remedy: {
        docker: 'leave out that --group-add, or the mount or device',
        podman: 'leave out that --group-add, or the mount or device',
        kubernetes: 'leave it out of supplementalGroups and fsGroup, or remove the mount',
        default: 'take it out of process.user.additionalGids, or remove the mount or device',
      },
    },
    unknown: {
      what: 'whether the groups of the container open {actual} is not known',
      why: 'Only the host tells which number its groups have.',
      remedy: { default: 'judge the bundle on the host it is to run on' },
    },
  },
  probes: (input, parameters) => {
    const sources = userSources(input)
    if (candidates(input).length === 0 || (sources.length === 0 && !hasDevices(input))) return []
    return [
      { path: groupFile, kind: 'text' },
      ...sources.flatMap(({ path }) => [{ path }, { path, kind: 'ownership' as const }]),
      ...parameters['host-groups'].flatMap((name) => (openedBy[name] ?? []).map((path) => ({ path }))),
    ]
  },
  check: (input, parameters) => [
    ...(parameters['root-group'] ? judgeRoot(input) : []),
    ...judgeHost(input, parameters['host-groups']),
  ],
  fix: (observations, { operation }) => {
    // A restored process comes back with the credentials of its checkpoint, whatever the file says.
    if (operation === 'restore') return []
    return observations
      .filter(({ pointer }) => pointer.includes('/additionalGids/'))
      .map(({ pointer: path }): PatchOperation => ({ op: 'remove', path }))
      .toSorted((a, b) => indexOf(b.path) - indexOf(a.path))
  },
  examples: { good: groupsGood, bad: groupsBad },
})

type Seen = readonly Observation<'root' | 'host' | 'unknown'>[]

/** What each group is there to open. */
const openedBy: { readonly [group: string]: readonly string[] } = {
  docker: ['/run/docker.sock'],
  disk: ['/dev'],
  kmem: ['/dev/mem', '/dev/port'],
  shadow: ['/etc/shadow', '/etc/gshadow'],
  lxd: ['/var/lib/lxd/unix.socket', '/var/snap/lxd/common/lxd/unix.socket'],
  incus: ['/var/lib/incus/unix.socket'],
  libvirt: ['/run/libvirt/libvirt-sock'],
  kvm: ['/dev/kvm'],
}

const indexOf = (path: string): number => Number(path.slice(path.lastIndexOf('/') + 1))

const hasDevices = ({ config }: RuleInput): boolean => (config?.linux?.devices ?? []).length > 0

interface Membership {
  readonly gid: number
  readonly pointer: string
}

/** Every group of the process; the primary one, which Docker repeats, once. */
const memberships = ({ operation, process }: RuleInput): readonly Membership[] => {
  const at = operation === 'exec' ? '/user' : '/process/user'
  const { gid = 0, additionalGids = [] }: User = process?.user ?? {}
  const others = additionalGids.map((each, index) => ({
    gid: each,
    pointer: `${at}/additionalGids/${index}`,
  }))
  return [{ gid, pointer: `${at}/gid` }, ...others.filter((each) => each.gid !== gid)]
}

/** Those an exec has beyond its container; at create all of them. */
const gained = (input: RuleInput): readonly Membership[] => {
  const held = memberships(input)
  if (input.operation !== 'exec') return held
  const { gid = 0, additionalGids = [] }: User = input.config?.process?.user ?? {}
  return held.filter((each) => each.gid !== gid && !additionalGids.includes(each.gid))
}

const candidates = (input: RuleInput): readonly Membership[] => gained(input).filter(({ gid }) => gid !== 0)

const told = ({ operation, asked }: RuleInput, gid: number): { readonly standing?: true } =>
  operation === 'exec' && (asked?.user?.gid === gid || asked?.user?.additionalGids?.includes(gid) === true)
    ? { standing: true }
    : {}

const judgeRoot = (input: RuleInput): Seen => {
  const uid = input.process?.user?.uid ?? 0
  if (uid === 0) return []
  return gained(input)
    .filter(({ gid }) => gid === 0)
    .map(({ pointer }) => ({
      message: 'root',
      pointer,
      actual: String(uid),
      expected: 'another group',
      ...told(input, 0),
    }))
}

const judgeHost = (input: RuleInput, names: readonly string[]): Seen => {
  const groups = candidates(input)
  if (groups.length === 0 || (userSources(input).length === 0 && !hasDevices(input))) return []
  const text = input.facts.texts[groupFile]
  if (text === undefined) return judgeUnknown(input, names, groups)
  return names.flatMap((name): Seen => {
    const number = numberOf(name, text)
    const held = groups.filter(({ gid }) => gid === number)
    const opened = held.length === 0 || number === undefined ? undefined : opens(input, name, number)
    if (opened === undefined) return []
    const actual = `${name} of the host (${number}), which opens ${opened}`
    return held.map(({ gid, pointer }) => ({
      message: 'host',
      pointer,
      actual,
      expected: 'no such group',
      ...told(input, gid),
    }))
  })
}

/**
 * Without the host's numbers every group may be one of them, but for the one a user has to itself; said once, where
 * there is something to open.
 */
const judgeUnknown = (input: RuleInput, names: readonly string[], held: readonly Membership[]): Seen => {
  const groups = held.filter(({ gid }) => gid !== input.process?.user?.uid)
  if (groups.length === 0) return []
  for (const name of names) {
    const actual = opens(input, name, -1)
    const pointer = groups[0]?.pointer ?? ''
    if (actual !== undefined)
      return [{ message: 'unknown', pointer, actual, expected: 'no group of the host', unknown: true }]
  }
  return []
}

/** The number of a group, from a line of group(5). */
const numberOf = (name: string, text: string): number | undefined => {
  const start = text.startsWith(`${name}:`) ? 0 : text.indexOf(`\n${name}:`) + 1
  if (start === 0 && !text.startsWith(`${name}:`)) return undefined
  const [line = ''] = text.slice(start, start + 256).split('\n')
  const number = line.split(':')[2] ?? ''
  return /^[0-9]+$/.test(number) ? Number(number) : undefined
}

/** The first mount or device that the group opens. */
const opens = (input: RuleInput, name: string, gid: number): string | undefined => {
  const { facts, config } = input
  const device = config?.linux?.devices?.find((each) => opensDevice(name, each))
  if (device !== undefined) return shownPath(device.path)
  const targets = (openedBy[name] ?? []).map((path) => factOf(facts, path))
  const source = userSources(input).find(({ path }) => {
    const owner = facts.ownership[path]
    if (owner?.gid === gid && (owner.mode & 0o060) !== 0) return true
    const fact = factOf(facts, path)
    return (name === 'disk' && fact.kind === 'block') || targets.some((target) => shows(fact, target, facts))
  })
  return source === undefined ? undefined : `${shownPath(source.path)} at ${shownPath(source.destination)}`
}

const shows = (fact: PathFact, target: PathFact, { onHost }: HostFacts): boolean =>
  (!onHost || target.error === null) &&
  viewsOf(fact).some((view) => {
    const relation = relationOf(view, target)
    return relation === 'is' || relation === 'contains'
  })

const opensDevice = (group: string, { type, major, minor }: Device): boolean => {
  if (group === 'disk') return type === 'b'
  if (group === 'kmem') return major === 1 && (minor === 1 || minor === 2 || minor === 4)
  return group === 'kvm' && major === 10 && minor === 232
}
