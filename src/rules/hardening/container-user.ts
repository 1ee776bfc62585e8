/** Requires that a container does not run as the host's root, whatever its own user is called. */
import { hostId, idMapProbes } from '../../core/id-mappings.ts'
import type { Process, User } from '../../core/oci.ts'
import type { ParametersOf } from '../../core/parameters.ts'
import { pointer } from '../../core/patch.ts'
import { defineRule, type Observation, type RuleInput } from '../../core/rule.ts'
import { badUsers, goodUsers } from '../support/container-user-examples.ts'

const parameters = {
  'min-uid': {
    type: 'integer',
    description: 'The lowest user id of the host that a container may run as.',
    default: 1,
    minimum: 1,
  },
  'forbid-gid0': {
    type: 'boolean',
    description:
      'Whether the group 0 is forbidden to users other than root. OpenShift gives it to every container.',
    default: false,
  },
  'accept-user-namespace': {
    type: 'boolean',
    description: 'Whether root is fine where a user namespace makes it somebody else on the host.',
    default: true,
  },
} as const

export const containerUser = defineRule({
  id: 'container-user',
  title: 'Ensure that a user for the container has been created',
  severity: 'high',
  category: 'user',
  references: [
    { benchmark: 'cis-docker-1.13.0', item: '4.1' },
    { benchmark: 'cis-docker-1.7.0', item: '4.1' },
    { benchmark: 'pss-restricted', item: 'runAsNonRoot' },
    { benchmark: 'pss-restricted', item: 'runAsUser' },
    { url: 'https://man7.org/linux/man-pages/man7/user_namespaces.7.html' },
  ],
  rationale:
    'Root in the container is root of the host behind a few walls: what gets through one of them, by a mount or a bug of the kernel, has the host.',
  appliesTo: ['create', 'run', 'restore', 'exec'],
  parameters,
  messages: {
    root: {
      what: 'the process would run as root ({actual})',
      why: 'No user namespace stands between it and the root of the host.',
      remedy: {
        docker: 'add --user UID:GID, or USER to the Dockerfile',
        podman: 'add --user UID:GID, or USER to the Containerfile, or --userns auto',
        kubernetes: 'set securityContext.runAsNonRoot: true and runAsUser, or hostUsers: false',
        ctr: 'add --user UID:GID',
        default: 'set process.user.uid to {expected}',
      },
    },
    low: {
      what: 'the process would run as {actual}',
      why: 'The ids below belong to users of the host.',
      remedy: {
        docker: 'choose {expected} with --user, or USER in the Dockerfile',
        podman: 'choose {expected} with --user, or USER in the Containerfile',
        kubernetes: 'choose {expected} with securityContext.runAsUser',
        default: 'set process.user.uid to {expected}',
      },
    },
    group: {
      what: 'the process would be in the group 0 ({actual})',
      why: 'Files of the host that only root and its group may use are open to it.',
      remedy: {
        docker: 'choose another group with --user UID:GID and --group-add',
        podman: 'choose another group with --user UID:GID and --group-add',
        kubernetes: 'set securityContext.runAsGroup, and leave 0 out of supplementalGroups',
        default: 'set process.user.gid and additionalGids to others',
      },
    },
    unmapped: {
      what: 'who {actual} is on the host could not be told',
      why: 'A user namespace that cannot be looked at may map it to root.',
      remedy: { default: 'choose a user other than root' },
    },
  },
  probes: (input, settings) =>
    input.process === undefined || input.identity.buildStep
      ? []
      : [
          ...(isSuspect(input, settings) ? idMapProbes(input, 'user') : []),
          ...(settings['forbid-gid0'] ? idMapProbes(input, 'group') : []),
        ],
  check: (input, settings) => {
    const { operation, process, config, identity } = input
    // A step of a build makes what a container is made of; that is root's work.
    if (process === undefined || identity.buildStep) return []
    const found = judge(process, input, settings)
    if (operation !== 'exec' || found.length === 0 || config?.process === undefined) return found
    // An exec may be who its container was admitted as, and nobody else.
    const admitted = judge(config.process, input, settings)
    return found.filter(
      ({ message, actual }) => !admitted.some((one) => one.message === message && one.actual === actual),
    )
  },
  examples: { good: goodUsers, bad: badUsers },
})

type Settings = ParametersOf<typeof parameters>

type UserObservation = Observation<'root' | 'low' | 'group' | 'unmapped'>

/** Without looking: only these can turn out to be too low. */
const isSuspect = (
  { process, config }: RuleInput,
  { 'accept-user-namespace': accept, 'min-uid': minUid }: Settings,
): boolean =>
  accept &&
  ((process?.user?.uid ?? 0) < minUid ||
    minUid > 1 ||
    config?.linux?.namespaces?.some(({ type }) => type === 'user') === true)

const judge = ({ user = {} }: Process, input: RuleInput, settings: Settings): readonly UserObservation[] => {
  const judged = judgeUid(user, input, settings)
  return judged.length > 0 || !settings['forbid-gid0'] ? judged : judgeGroups(user, input, settings)
}

const at = ({ operation }: RuleInput, member: string): string =>
  operation === 'exec' ? pointer('user', member) : pointer('process', 'user', member)

const judgeUid = ({ uid = 0 }: User, input: RuleInput, settings: Settings): readonly UserObservation[] => {
  const minUid = settings['min-uid']
  const onHost = settings['accept-user-namespace'] ? ownerOf(uid, input) : uid
  const expected = minUid === 1 ? 'an id other than 0' : `an id from ${minUid} on`
  const seen = onHost === uid || onHost === undefined ? '' : `, ${onHost} on the host`
  const where = { pointer: at(input, 'uid'), actual: `uid ${uid}${seen}`, expected }
  if (onHost === undefined) {
    const matters = uid === 0 || minUid > 1 || !isJoining(input)
    return matters ? [{ message: 'unmapped', ...where, unknown: true }] : []
  }
  if (onHost >= minUid) return []
  return [{ message: onHost === 0 ? 'root' : 'low', ...where }]
}

const isJoining = ({ config }: RuleInput): boolean =>
  config?.linux?.namespaces?.some(({ type, path }) => type === 'user' && path !== undefined) === true

/** Away from the host, a user mapped to root is as likely the caller of a rootless engine (Podman's keep-id). */
const ownerOf = (uid: number, input: RuleInput): number | undefined => {
  const onHost = hostId(uid, 'user', input)
  return onHost === 0 && uid !== 0 && !input.facts.onHost ? undefined : onHost
}

const judgeGroups = (
  { gid = 0, additionalGids = [] }: User,
  input: RuleInput,
  settings: Settings,
): readonly UserObservation[] => {
  const isRoot = (id: number): boolean =>
    (settings['accept-user-namespace'] ? hostId(id, 'group', input) : id) === 0
  const expected = 'groups other than 0'
  if (isRoot(gid)) return [{ message: 'group', pointer: at(input, 'gid'), actual: `gid ${gid}`, expected }]
  const added = additionalGids.find(isRoot)
  if (added === undefined) return []
  return [
    { message: 'group', pointer: at(input, 'additionalGids'), actual: `additional gid ${added}`, expected },
  ]
}
