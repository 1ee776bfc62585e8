/** Keeps an exec from running as root, or with further groups, where its container does not. */
import { hostId, idMapProbes } from '../../core/id-mappings.ts'
import type { Process } from '../../core/oci.ts'
import { type PatchOperation, place } from '../../core/patch.ts'
import { defineRule, type Observation, type RuleInput } from '../../core/rule.ts'
import { execRootUserBad, execRootUserGood } from '../support/exec-root-user-examples.ts'

export const execRootUser = defineRule({
  id: 'exec-root-user',
  title: 'Ensure that commands in a running container do not run as root where the container does not',
  severity: 'medium',
  category: 'user',
  references: [
    { benchmark: 'cis-docker-1.13.0', item: '5.23' },
    { benchmark: 'cis-docker-1.7.0', item: '5.24' },
    { benchmark: 'stig-docker-enterprise-2', item: 'DKER-EE-002090' },
    { url: 'https://docs.docker.com/reference/cli/docker/container/exec/' },
  ],
  rationale:
    'A container that runs as an ordinary user is held by the permissions of its files; a command run in it as root, or with the group of a device or socket, is not. Users are compared as the container sees them, and through its user namespace: root is also whoever is root outside.',
  appliesTo: ['exec'],
  parameters: {
    mode: {
      type: 'string',
      enum: ['root-escalation', 'any-change'],
      description:
        '`root-escalation`: root where the container is not root, and groups it does not have. `any-change`: any other user or group, in containers of root too.',
      default: 'root-escalation',
    },
  },
  messages: {
    root: {
      what: 'the command would run as {actual}, its container as {expected}',
      why: 'Root of a container owns its files, and with its capabilities what is mounted into it.',
      remedy: {
        docker: 'leave out --user of docker exec',
        podman: 'leave out --user of podman exec',
        default: "set the user of the process to the container's, and leave out --user",
      },
    },
    groups: {
      what: 'the command would have {actual}, which its container does not',
      why: 'A group may own a device or socket that the container was not to reach.',
      remedy: {
        docker: 'leave out --user of docker exec, or start the container with --group-add',
        podman: 'leave out --user of podman exec, or start the container with --group-add',
        default: 'take these out of the user of the process, and leave out --user and --additional-gids',
      },
    },
    changed: {
      what: 'the command would run as {actual}, its container as {expected}',
      why: 'Each user of an image has files of its own; this site wants every command to run as its container does.',
      remedy: {
        docker: 'leave out --user of docker exec',
        podman: 'leave out --user of podman exec',
        default: "set the user of the process to the container's, and leave out --user",
      },
    },
    unseen: {
      what: 'the command would run as {actual}, and as whom its container runs is not known',
      why: 'Only by that can it be seen whether the command gets more.',
      remedy: { default: 'call the runtime with the --root that the container was created with' },
    },
  },
  probes: (input) => {
    const [wanted, own] = [idsOf(input.process), idsOf(input.config?.process)]
    return wanted.uid === own.uid || wanted.uid === 0 ? [] : idMapProbes(input, 'user')
  },
  check: (input, { mode }) => judge(input, mode === 'any-change'),
  fix: (observations, { process, config, call }): readonly PatchOperation[] => {
    if (call.described || observations.length === 0) return []
    const { uid, gid, groups } = idsOf(config?.process)
    if (process?.user === undefined) return [place(process, '/user', { uid, gid, additionalGids: groups })]
    const has = process.user.additionalGids !== undefined || groups.length > 0
    return [
      place(process, '/user/uid', uid),
      place(process, '/user/gid', gid),
      ...(has ? [place(process, '/user/additionalGids', groups)] : []),
    ]
  },
  examples: { good: execRootUserGood, bad: execRootUserBad },
})

type Key = 'root' | 'groups' | 'changed' | 'unseen'

interface Ids {
  readonly uid: number
  readonly gid: number
  readonly groups: readonly number[]
}

/** Absent is 0 to runc, where newer crun takes the container's; runtimes keep 32 bits of a number (runc exec.go). */
const idsOf = (process: Process | undefined): Ids => {
  const { uid = 0, gid = 0, additionalGids: groups = [] } = process?.user ?? {}
  return { uid: uid >>> 0, gid: gid >>> 0, groups: groups.map((group) => group >>> 0) }
}

const judge = (input: RuleInput, anyChange: boolean): readonly Observation<Key>[] => {
  const [wanted, own] = [idsOf(input.process), idsOf(input.config?.process)]
  const root = isRoot(wanted.uid, input)
  const said = { actual: nameOf(wanted, input), expected: nameOf(own, input) }
  if (input.config?.process === undefined)
    return root ? [{ message: 'unseen', pointer: '/user', ...said, expected: 'a bundle', unknown: true }] : []
  const asked = input.asked === undefined ? undefined : idsOf(input.asked)
  const [ownRoot, askedRoot] = [isRoot(own.uid, input), asked !== undefined && isRoot(asked.uid, input)]
  if (root && !ownRoot && !askedRoot) return [{ message: 'root', pointer: '/user/uid', ...said }]
  if (anyChange && isOther(wanted, own)) return [{ message: 'changed', pointer: '/user', ...said }]
  if (ownRoot) return []
  const added = addedGroups(wanted, own).filter((group) => !groupsOf(asked).includes(group))
  if (added.length === 0) return []
  const actual = `the groups ${added.slice(0, 8).join(', ')}${added.length > 8 ? ' and more' : ''}`
  return [{ message: 'groups', pointer: '/user', actual, expected: 'the groups of the container' }]
}

/** Root of the container, or a user of it that is root outside its user namespace. */
const isRoot = (uid: number, input: RuleInput): boolean => uid === 0 || hostId(uid, 'user', input) === 0

const nameOf = ({ uid, gid }: Ids, input: RuleInput): string =>
  uid === 0
    ? 'root'
    : `user ${uid}${isRoot(uid, input) ? ' (root outside the container)' : ''} of group ${gid}`

const groupsOf = (ids: Ids | undefined): readonly number[] =>
  ids === undefined ? [] : [ids.gid, ...ids.groups]

/**
 * Groups the container does not have. Another user brings its own first group along, and engines repeat it among the
 * others; for the same user it is an added one, except 0, which Docker takes where the image does not know the user.
 */
const addedGroups = (wanted: Ids, own: Ids): readonly number[] => {
  const excused = wanted.uid !== own.uid || wanted.gid === 0
  const added = [...new Set(excused ? wanted.groups.filter((gid) => gid !== wanted.gid) : groupsOf(wanted))]
  return added.filter((group) => !groupsOf(own).includes(group))
}

const isOther = (wanted: Ids, own: Ids): boolean =>
  wanted.uid !== own.uid ||
  wanted.gid !== own.gid ||
  groupsOf(wanted).some((group) => !groupsOf(own).includes(group))
